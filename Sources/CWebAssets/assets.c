#include "CWebAssets.h"

// Every page file twice, sorted: its bytes, then its row. The compiler follows edits of embedded files.
#define BYTES(name) }; static const unsigned char name[] = {
[[maybe_unused]] static const unsigned char nothing[] = { 0
BYTES(dashboards_infrastructure_health_json)
#embed "pages/dashboards/infrastructure-health.json"
BYTES(dashboards_obstack_overview_json)
#embed "pages/dashboards/obstack-overview.json"
BYTES(dashboards_primitive_performance_json)
#embed "pages/dashboards/primitive-performance.json"
BYTES(dashboards_tta_workflows_json)
#embed "pages/dashboards/tta-workflows.json"
BYTES(grafana_annotations_js)
#embed "pages/grafana/annotations.js"
BYTES(grafana_api_js)
#embed "pages/grafana/api.js"
BYTES(grafana_dashboard_css)
#embed "pages/grafana/dashboard.css"
BYTES(grafana_dashboard_html)
#embed "pages/grafana/dashboard.html"
BYTES(grafana_dashboard_js)
#embed "pages/grafana/dashboard.js"
BYTES(grafana_dashboards_html)
#embed "pages/grafana/dashboards.html"
BYTES(grafana_dashboards_js)
#embed "pages/grafana/dashboards.js"
BYTES(grafana_home_html)
#embed "pages/grafana/home.html"
BYTES(grafana_home_js)
#embed "pages/grafana/home.js"
BYTES(grafana_lists_css)
#embed "pages/grafana/lists.css"
BYTES(grafana_login_css)
#embed "pages/grafana/login.css"
BYTES(grafana_login_html)
#embed "pages/grafana/login.html"
BYTES(grafana_login_js)
#embed "pages/grafana/login.js"
BYTES(grafana_model_document_js)
#embed "pages/grafana/model/document.js"
BYTES(grafana_model_fieldconfig_js)
#embed "pages/grafana/model/fieldconfig.js"
BYTES(grafana_model_frames_js)
#embed "pages/grafana/model/frames.js"
BYTES(grafana_model_interpolate_js)
#embed "pages/grafana/model/interpolate.js"
BYTES(grafana_model_legacy_js)
#embed "pages/grafana/model/legacy.js"
BYTES(grafana_model_reduce_js)
#embed "pages/grafana/model/reduce.js"
BYTES(grafana_model_transform_js)
#embed "pages/grafana/model/transform.js"
BYTES(grafana_model_variables_js)
#embed "pages/grafana/model/variables.js"
BYTES(grafana_palette_js)
#embed "pages/grafana/palette.js"
BYTES(grafana_panel_js)
#embed "pages/grafana/panel.js"
BYTES(grafana_panels_answer_js)
#embed "pages/grafana/panels/answer.js"
BYTES(grafana_panels_bargauge_js)
#embed "pages/grafana/panels/bargauge.js"
BYTES(grafana_panels_gauge_js)
#embed "pages/grafana/panels/gauge.js"
BYTES(grafana_panels_heatmap_js)
#embed "pages/grafana/panels/heatmap.js"
BYTES(grafana_panels_kinds_js)
#embed "pages/grafana/panels/kinds.js"
BYTES(grafana_panels_pie_js)
#embed "pages/grafana/panels/pie.js"
BYTES(grafana_panels_stat_js)
#embed "pages/grafana/panels/stat.js"
BYTES(grafana_panels_states_js)
#embed "pages/grafana/panels/states.js"
BYTES(grafana_panels_table_js)
#embed "pages/grafana/panels/table.js"
BYTES(grafana_panels_text_js)
#embed "pages/grafana/panels/text.js"
BYTES(grafana_panels_timeseries_js)
#embed "pages/grafana/panels/timeseries.js"
BYTES(grafana_reasons_js)
#embed "pages/grafana/reasons.js"
BYTES(grafana_recent_js)
#embed "pages/grafana/recent.js"
BYTES(grafana_star_js)
#embed "pages/grafana/star.js"
BYTES(grafana_variable_bar_js)
#embed "pages/grafana/variable-bar.js"
BYTES(icon_svg)
#embed "pages/icon.svg"
BYTES(metrics_catalog_js)
#embed "pages/metrics/catalog.js"
BYTES(metrics_completion_js)
#embed "pages/metrics/completion.js"
BYTES(metrics_editor_js)
#embed "pages/metrics/editor.js"
BYTES(metrics_expression_js)
#embed "pages/metrics/expression.js"
BYTES(metrics_history_js)
#embed "pages/metrics/history.js"
BYTES(metrics_metrics_css)
#embed "pages/metrics/metrics.css"
BYTES(metrics_panel_js)
#embed "pages/metrics/panel.js"
BYTES(metrics_promql_js)
#embed "pages/metrics/promql.js"
BYTES(metrics_query_html)
#embed "pages/metrics/query.html"
BYTES(metrics_query_js)
#embed "pages/metrics/query.js"
BYTES(metrics_results_js)
#embed "pages/metrics/results.js"
BYTES(metrics_rules_model_js)
#embed "pages/metrics/rules-model.js"
BYTES(metrics_rules_view_js)
#embed "pages/metrics/rules-view.js"
BYTES(metrics_rules_html)
#embed "pages/metrics/rules.html"
BYTES(metrics_rules_js)
#embed "pages/metrics/rules.js"
BYTES(metrics_starter_js)
#embed "pages/metrics/starter.js"
BYTES(metrics_status_html)
#embed "pages/metrics/status.html"
BYTES(metrics_status_js)
#embed "pages/metrics/status.js"
BYTES(metrics_targets_html)
#embed "pages/metrics/targets.html"
BYTES(metrics_targets_js)
#embed "pages/metrics/targets.js"
BYTES(push_groups_js)
#embed "pages/push/groups.js"
BYTES(push_push_css)
#embed "pages/push/push.css"
BYTES(push_push_html)
#embed "pages/push/push.html"
BYTES(push_push_js)
#embed "pages/push/push.js"
BYTES(rules_alerts_yml)
#embed "pages/rules/alerts.yml"
BYTES(system_base_css)
#embed "pages/system/base.css"
BYTES(system_chart_axes_js)
#embed "pages/system/chart-axes.js"
BYTES(system_chart_paint_js)
#embed "pages/system/chart-paint.js"
BYTES(system_chart_pointer_js)
#embed "pages/system/chart-pointer.js"
BYTES(system_chart_css)
#embed "pages/system/chart.css"
BYTES(system_chart_js)
#embed "pages/system/chart.js"
BYTES(system_color_js)
#embed "pages/system/color.js"
BYTES(system_dom_js)
#embed "pages/system/dom.js"
BYTES(system_doors_js)
#embed "pages/system/doors.js"
BYTES(system_float_js)
#embed "pages/system/float.js"
BYTES(system_format_js)
#embed "pages/system/format.js"
BYTES(system_frame_js)
#embed "pages/system/frame.js"
BYTES(system_icons_js)
#embed "pages/system/icons.js"
BYTES(system_keys_js)
#embed "pages/system/keys.js"
BYTES(system_legend_js)
#embed "pages/system/legend.js"
BYTES(system_palette_js)
#embed "pages/system/palette.js"
BYTES(system_pools_js)
#embed "pages/system/pools.js"
BYTES(system_request_js)
#embed "pages/system/request.js"
BYTES(system_scale_js)
#embed "pages/system/scale.js"
BYTES(system_series_js)
#embed "pages/system/series.js"
BYTES(system_snippet_js)
#embed "pages/system/snippet.js"
BYTES(system_stack_js)
#embed "pages/system/stack.js"
BYTES(system_stat_js)
#embed "pages/system/stat.js"
BYTES(system_table_js)
#embed "pages/system/table.js"
BYTES(system_theme_js)
#embed "pages/system/theme.js"
BYTES(system_time_js)
#embed "pages/system/time.js"
BYTES(system_timepicker_js)
#embed "pages/system/timepicker.js"
BYTES(system_tokens_css)
#embed "pages/system/tokens.css"
BYTES(system_tooltip_js)
#embed "pages/system/tooltip.js"
BYTES(system_url_js)
#embed "pages/system/url.js"
BYTES(traces_api_js)
#embed "pages/traces/api.js"
BYTES(traces_axis_js)
#embed "pages/traces/axis.js"
BYTES(traces_colors_js)
#embed "pages/traces/colors.js"
BYTES(traces_critical_path_js)
#embed "pages/traces/critical-path.js"
BYTES(traces_details_js)
#embed "pages/traces/details.js"
BYTES(traces_find_js)
#embed "pages/traces/find.js"
BYTES(traces_form_js)
#embed "pages/traces/form.js"
BYTES(traces_graphs_js)
#embed "pages/traces/graphs.js"
BYTES(traces_links_js)
#embed "pages/traces/links.js"
BYTES(traces_minimap_js)
#embed "pages/traces/minimap.js"
BYTES(traces_model_js)
#embed "pages/traces/model.js"
BYTES(traces_scatter_js)
#embed "pages/traces/scatter.js"
BYTES(traces_search_html)
#embed "pages/traces/search.html"
BYTES(traces_search_js)
#embed "pages/traces/search.js"
BYTES(traces_teach_js)
#embed "pages/traces/teach.js"
BYTES(traces_took_js)
#embed "pages/traces/took.js"
BYTES(traces_trace_html)
#embed "pages/traces/trace.html"
BYTES(traces_trace_js)
#embed "pages/traces/trace.js"
BYTES(traces_traces_css)
#embed "pages/traces/traces.css"
BYTES(traces_waterfall_js)
#embed "pages/traces/waterfall.js"
};

#define ROW(name, path) {path, name, sizeof(name)},
static const obstack_asset assets[] = {
    ROW(dashboards_infrastructure_health_json, "dashboards/infrastructure-health.json")
    ROW(dashboards_obstack_overview_json, "dashboards/obstack-overview.json")
    ROW(dashboards_primitive_performance_json, "dashboards/primitive-performance.json")
    ROW(dashboards_tta_workflows_json, "dashboards/tta-workflows.json")
    ROW(grafana_annotations_js, "grafana/annotations.js")
    ROW(grafana_api_js, "grafana/api.js")
    ROW(grafana_dashboard_css, "grafana/dashboard.css")
    ROW(grafana_dashboard_html, "grafana/dashboard.html")
    ROW(grafana_dashboard_js, "grafana/dashboard.js")
    ROW(grafana_dashboards_html, "grafana/dashboards.html")
    ROW(grafana_dashboards_js, "grafana/dashboards.js")
    ROW(grafana_home_html, "grafana/home.html")
    ROW(grafana_home_js, "grafana/home.js")
    ROW(grafana_lists_css, "grafana/lists.css")
    ROW(grafana_login_css, "grafana/login.css")
    ROW(grafana_login_html, "grafana/login.html")
    ROW(grafana_login_js, "grafana/login.js")
    ROW(grafana_model_document_js, "grafana/model/document.js")
    ROW(grafana_model_fieldconfig_js, "grafana/model/fieldconfig.js")
    ROW(grafana_model_frames_js, "grafana/model/frames.js")
    ROW(grafana_model_interpolate_js, "grafana/model/interpolate.js")
    ROW(grafana_model_legacy_js, "grafana/model/legacy.js")
    ROW(grafana_model_reduce_js, "grafana/model/reduce.js")
    ROW(grafana_model_transform_js, "grafana/model/transform.js")
    ROW(grafana_model_variables_js, "grafana/model/variables.js")
    ROW(grafana_palette_js, "grafana/palette.js")
    ROW(grafana_panel_js, "grafana/panel.js")
    ROW(grafana_panels_answer_js, "grafana/panels/answer.js")
    ROW(grafana_panels_bargauge_js, "grafana/panels/bargauge.js")
    ROW(grafana_panels_gauge_js, "grafana/panels/gauge.js")
    ROW(grafana_panels_heatmap_js, "grafana/panels/heatmap.js")
    ROW(grafana_panels_kinds_js, "grafana/panels/kinds.js")
    ROW(grafana_panels_pie_js, "grafana/panels/pie.js")
    ROW(grafana_panels_stat_js, "grafana/panels/stat.js")
    ROW(grafana_panels_states_js, "grafana/panels/states.js")
    ROW(grafana_panels_table_js, "grafana/panels/table.js")
    ROW(grafana_panels_text_js, "grafana/panels/text.js")
    ROW(grafana_panels_timeseries_js, "grafana/panels/timeseries.js")
    ROW(grafana_reasons_js, "grafana/reasons.js")
    ROW(grafana_recent_js, "grafana/recent.js")
    ROW(grafana_star_js, "grafana/star.js")
    ROW(grafana_variable_bar_js, "grafana/variable-bar.js")
    ROW(icon_svg, "icon.svg")
    ROW(metrics_catalog_js, "metrics/catalog.js")
    ROW(metrics_completion_js, "metrics/completion.js")
    ROW(metrics_editor_js, "metrics/editor.js")
    ROW(metrics_expression_js, "metrics/expression.js")
    ROW(metrics_history_js, "metrics/history.js")
    ROW(metrics_metrics_css, "metrics/metrics.css")
    ROW(metrics_panel_js, "metrics/panel.js")
    ROW(metrics_promql_js, "metrics/promql.js")
    ROW(metrics_query_html, "metrics/query.html")
    ROW(metrics_query_js, "metrics/query.js")
    ROW(metrics_results_js, "metrics/results.js")
    ROW(metrics_rules_model_js, "metrics/rules-model.js")
    ROW(metrics_rules_view_js, "metrics/rules-view.js")
    ROW(metrics_rules_html, "metrics/rules.html")
    ROW(metrics_rules_js, "metrics/rules.js")
    ROW(metrics_starter_js, "metrics/starter.js")
    ROW(metrics_status_html, "metrics/status.html")
    ROW(metrics_status_js, "metrics/status.js")
    ROW(metrics_targets_html, "metrics/targets.html")
    ROW(metrics_targets_js, "metrics/targets.js")
    ROW(push_groups_js, "push/groups.js")
    ROW(push_push_css, "push/push.css")
    ROW(push_push_html, "push/push.html")
    ROW(push_push_js, "push/push.js")
    ROW(rules_alerts_yml, "rules/alerts.yml")
    ROW(system_base_css, "system/base.css")
    ROW(system_chart_axes_js, "system/chart-axes.js")
    ROW(system_chart_paint_js, "system/chart-paint.js")
    ROW(system_chart_pointer_js, "system/chart-pointer.js")
    ROW(system_chart_css, "system/chart.css")
    ROW(system_chart_js, "system/chart.js")
    ROW(system_color_js, "system/color.js")
    ROW(system_dom_js, "system/dom.js")
    ROW(system_doors_js, "system/doors.js")
    ROW(system_float_js, "system/float.js")
    ROW(system_format_js, "system/format.js")
    ROW(system_frame_js, "system/frame.js")
    ROW(system_icons_js, "system/icons.js")
    ROW(system_keys_js, "system/keys.js")
    ROW(system_legend_js, "system/legend.js")
    ROW(system_palette_js, "system/palette.js")
    ROW(system_pools_js, "system/pools.js")
    ROW(system_request_js, "system/request.js")
    ROW(system_scale_js, "system/scale.js")
    ROW(system_series_js, "system/series.js")
    ROW(system_snippet_js, "system/snippet.js")
    ROW(system_stack_js, "system/stack.js")
    ROW(system_stat_js, "system/stat.js")
    ROW(system_table_js, "system/table.js")
    ROW(system_theme_js, "system/theme.js")
    ROW(system_time_js, "system/time.js")
    ROW(system_timepicker_js, "system/timepicker.js")
    ROW(system_tokens_css, "system/tokens.css")
    ROW(system_tooltip_js, "system/tooltip.js")
    ROW(system_url_js, "system/url.js")
    ROW(traces_api_js, "traces/api.js")
    ROW(traces_axis_js, "traces/axis.js")
    ROW(traces_colors_js, "traces/colors.js")
    ROW(traces_critical_path_js, "traces/critical-path.js")
    ROW(traces_details_js, "traces/details.js")
    ROW(traces_find_js, "traces/find.js")
    ROW(traces_form_js, "traces/form.js")
    ROW(traces_graphs_js, "traces/graphs.js")
    ROW(traces_links_js, "traces/links.js")
    ROW(traces_minimap_js, "traces/minimap.js")
    ROW(traces_model_js, "traces/model.js")
    ROW(traces_scatter_js, "traces/scatter.js")
    ROW(traces_search_html, "traces/search.html")
    ROW(traces_search_js, "traces/search.js")
    ROW(traces_teach_js, "traces/teach.js")
    ROW(traces_took_js, "traces/took.js")
    ROW(traces_trace_html, "traces/trace.html")
    ROW(traces_trace_js, "traces/trace.js")
    ROW(traces_traces_css, "traces/traces.css")
    ROW(traces_waterfall_js, "traces/waterfall.js")
};

const obstack_asset *obstack_assets(void) { return assets; }
size_t obstack_asset_count(void) { return sizeof(assets) / sizeof(assets[0]); }
