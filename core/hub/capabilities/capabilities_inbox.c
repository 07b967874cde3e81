/* The catalogue's rows on inboxes as the console leafs through them: both grammars in one list, the
 * newest first, with what became of what was sent; a text in pages. Methods of the wire without a
 * command, but for `inbox list`. Data. */
#include "core/hub/mail/inbox_list.h"

#include "core/hub/capabilities/capabilities_private.h"

#define NAME                                                                                       \
    "name":                                                                                        \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 63,                                                                 \
                 "description" : "whose inbox; your own when absent"                               \
    }
#define MESSAGE_ID                                                                                 \
    "message_id":                                                                                  \
    {                                                                                              \
        "type" : "string", "minLength" : 1, "maxLength" : 31                                       \
    }

static const enum err inbox_errors[] = {ERR_NOT_FOUND, ERR_DENIED, ERR_OK};

const struct capability inbox_rows[] = {
    {"inbox", "list", "1.0", "Messages that were got and sent, comms and e-mail, the newest first",
     INPUT("properties"
           : {
               NAME,
               "before" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "description" : "older ones: the `next` of the page before"
               },
               "limit" : {"type" : "integer", "minimum" : 1, "maximum" : 200, "default" : 50},
               "unread" : {"type" : "boolean", "description" : "unread ones alone"},
               "search" : {
                   "type" : "string",
                   "maxLength" : 200,
                   "description" : "in sender, #channel, subject or text"
               }
           }),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "messages" : {"type" : "array"},
             "unread" : {"type" : "integer"},
             "next" : {"type" : "integer"}
         },
         "x-list" : "messages",
         "x-columns" : [ "id", "direction", "from", "to", "channel", "subject", "preview" ]
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, inbox_errors,
     inbox_list},
    {"inbox", "text", "1.0", "A part of a message's text, without reading it",
     INPUT("properties"
           : {
               NAME,
               MESSAGE_ID,
               "offset" : {"type" : "integer", "minimum" : 0},
               "limit" : {"type" : "integer", "minimum" : 16, "maximum" : 1048576}
           },
             "required"
           : ["message_id"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, inbox_errors, inbox_text},
    {"inbox", "mark", "1.0", "Mark a message of your inbox as read, or as unread again",
     INPUT("properties"
           : {MESSAGE_ID, "read" : {"type" : "boolean", "default" : true}}, "required"
           : ["message_id"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, inbox_errors, inbox_mark},
    {"inbox", "people", "1.0", "Whom one may write to, and whose inbox one may read",
     INPUT("properties"
           : {}),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL,
     CAP_INTERNAL | CAP_SELF, inbox_errors, inbox_people},
};

_Static_assert(sizeof inbox_rows / sizeof *inbox_rows == INBOX_ROWS, "the rows are counted");
