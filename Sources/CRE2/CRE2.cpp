#include "CRE2.h"
#include <re2/re2.h>
#include <string>
#include <vector>

struct cre2_pattern {
    RE2 expression;
    std::string error;
    cre2_pattern(re2::StringPiece pattern, const RE2::Options &options) : expression(pattern, options) {
        if (!expression.ok()) error = expression.error();
    }
};

extern "C" {

cre2_pattern *cre2_compile(const char *pattern, size_t length, bool captures, size_t max_memory) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_never_capture(!captures);
    options.set_max_mem(static_cast<int64_t>(max_memory));
    return new cre2_pattern(re2::StringPiece(pattern, length), options);
}

const char *cre2_error(const cre2_pattern *pattern) { return pattern->expression.ok() ? nullptr : pattern->error.c_str(); }

void cre2_free(cre2_pattern *pattern) { delete pattern; }

bool cre2_full_match(const cre2_pattern *pattern, const char *text, size_t length) {
    return pattern->expression.Match(re2::StringPiece(text, length), 0, length, RE2::ANCHOR_BOTH, nullptr, 0);
}

int cre2_group_count(const cre2_pattern *pattern) { return pattern->expression.NumberOfCapturingGroups(); }

int cre2_group_named(const cre2_pattern *pattern, const char *name, size_t length) {
    const auto &names = pattern->expression.NamedCapturingGroups();
    auto found = names.find(std::string(name, length));
    return found == names.end() ? -1 : found->second;
}

bool cre2_full_match_groups(const cre2_pattern *pattern, const char *text, size_t length, int groups, long *starts, long *ends) {
    std::vector<re2::StringPiece> pieces(groups);
    if (!pattern->expression.Match(re2::StringPiece(text, length), 0, length, RE2::ANCHOR_BOTH, pieces.data(), groups)) return false;
    for (int i = 0; i < groups; i++) {
        if (pieces[i].data() == nullptr) { starts[i] = ends[i] = -1; continue; }
        starts[i] = pieces[i].data() - text;
        ends[i] = starts[i] + static_cast<long>(pieces[i].size());
    }
    return true;
}

}
