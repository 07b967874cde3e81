/* What happened to a baton, as a sentence: for the event log, and with "you" for a notice. Pure;
 * any thread. The text may quote foreign words: it is made safe by who shows it. */
#ifndef BATON_TUI_BATON_WORDS_H
#define BATON_TUI_BATON_WORDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* event is one of the journal's, whole. me is the member that is "you", or "". False, and out is
 * "", when the event's kind is no such thing. out has size bytes. */
bool baton_words(const cJSON *event, const char *me, char *out, size_t size);

#endif
