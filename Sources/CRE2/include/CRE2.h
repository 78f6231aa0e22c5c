// A C door to RE2: compile, match whole, expand captures. Patterns are UTF-8; a dot matches a newline, as in Prometheus.
#pragma once
#include <stddef.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles `pattern`. With `captures` false the pattern can only be matched, which is faster.
/// `max_memory` bounds the compiled program in bytes. Never NULL: ask `cre2_error`.
cre2_pattern *cre2_compile(const char *pattern, size_t length, bool captures, size_t max_memory);
/// The error of a pattern that did not compile, or NULL. Lives as long as the pattern.
const char *cre2_error(const cre2_pattern *pattern);
void cre2_free(cre2_pattern *pattern);

/// Whether the whole of `text` matches.
bool cre2_full_match(const cre2_pattern *pattern, const char *text, size_t length);
/// How many capture groups the pattern has.
int cre2_group_count(const cre2_pattern *pattern);
/// The index of the group called `name`, or -1.
int cre2_group_named(const cre2_pattern *pattern, const char *name, size_t length);
/// Matches the whole of `text`; fills `starts`/`ends` (byte offsets, -1 for a group that did not take part) for group 0 … `groups` - 1.
bool cre2_full_match_groups(const cre2_pattern *pattern, const char *text, size_t length, int groups, long *starts, long *ends);

#ifdef __cplusplus
}
#endif
