/* The catalogue's rows on identities, e-mail and inboxes. Data. */
#include "core/hub/mail/email.h"
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define NAME                                                                                       \
    "name":                                                                                        \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "minLength" : 1,                                                                  \
                 "maxLength" : 63,                                                                 \
                 "pattern" : "^[A-Za-z0-9_.@-]+$",                                                 \
                             "x-expects" : "a name of letters, digits, dots, - and _",             \
                                           "description" : "the identity",                         \
                                                           "x-value" : "NAME"                      \
    }
#define ADDRESSES(key, text)                                                                       \
    key : {                                                                                        \
        "type" : "array",                                                                          \
                 "maxItems" : 1000,                                                                \
                 "items" : {"type" : "string", "minLength" : 1, "maxLength" : 20000},              \
                           "description" : text,                                                   \
                                           "x-value" : "ADDRESS"                                   \
    }
#define WORDS(name, most, text) STRING(name, most, "TEXT", text)
#define BODY                    LONG_TEXT("body", "the text")
#define MESSAGE_ID                                                                                 \
    WORD("message_id", 255, "ID", "the message: its id, or the last six letters of it")
#define NOTE WORDS("body", 8388608, "a text to stand before it")
#define FILES                                                                                      \
    "attach" : {                                                                                   \
        "type" : "array",                                                                          \
        "maxItems" : 100,                                                                          \
        "items" : {"type" : "string", "minLength" : 1, "maxLength" : 4000},                        \
        "description" : "a file to go with it",                                                    \
        "x-value" : "FILE"                                                                         \
    },                                                                                             \
               "attachments":                                                                      \
    {                                                                                              \
        "type" : "array",                                                                          \
                 "maxItems" : 100,                                                                 \
                 "items" : {                                                                       \
                     "type" : "object",                                                            \
                     "additionalProperties" : false,                                               \
                     "properties" : {                                                              \
                         "name" : {"type" : "string", "maxLength" : 4000},                         \
                         "type" : {"type" : "string", "maxLength" : 127},                          \
                         "data" : {"type" : "string"},                                             \
                         "upload" : {"type" : "string", "maxLength" : 40}                          \
                     },                                                                            \
                     "required" : ["name"]                                                         \
                 },                                                                                \
                           "description" : "files as bytes: name, type, data in base64"            \
    }
#define FROM   WORDS("from", 319, "only of this sender")
#define THREAD WORDS("thread", 255, "only of this message's thread")

static const enum err name_errors[] = {ERR_RECIPIENT, ERR_EXISTS, ERR_DENIED, ERR_OK};
static const enum err send_errors[] = {ERR_RECIPIENT, ERR_COMMS, ERR_NOT_FOUND, ERR_AMBIGUOUS,
                                       ERR_DENIED,    ERR_LIMIT, ERR_OK};
static const enum err wait_errors[] = {ERR_TIMEOUT, ERR_NOT_FOUND, ERR_DENIED, ERR_OK};

#define IDENTITY(sentence)                                                                         \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {                                                                           \
            "name" : {"type" : "string"},                                                          \
            "email" : {"type" : "string"},                                                         \
            "kind" : {"type" : "string"},                                                          \
            "policy_group" : {"type" : "string"},                                                  \
            "created_at" : {"type" : "string"},                                                    \
            "aliases" : {"type" : "array"}                                                         \
        },                                                                                         \
        "x-sentence" : sentence                                                                    \
    })
#define SENT                                                                                       \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {                                                                           \
            "id" : {"type" : "string"},                                                            \
            "message_id" : {"type" : "string"},                                                    \
            "thread_id" : {"type" : "string"},                                                     \
            "status" : {"type" : "string"},                                                        \
            "from" : {"type" : "string"},                                                          \
            "to" : {"type" : "array"},                                                             \
            "cc" : {"type" : "array"},                                                             \
            "subject" : {"type" : "string"}                                                        \
        },                                                                                         \
        "x-sentence" : "{id}: {status}."                                                           \
    })
#define LETTERS                                                                                    \
    SCHEMA({                                                                                       \
        "type" : "array",                                                                          \
        "x-columns" : [ "id", "is_read", "timestamp", "from", "subject" ],                         \
        "x-empty" : "No messages."                                                                 \
    })
#define LETTER SCHEMA({"type" : "object", "x-text" : "body"})
#define PIECE  SCHEMA({"type" : "object", "x-raw" : "data"})
#define AT                                                                                         \
    "at":                                                                                          \
    {                                                                                              \
        "type" : "integer", "minimum" : 0, "default" : 0, "description" : "from this byte on"      \
    }
#define FLAGS   CAP_STARTS_HUB | CAP_SELF | CAP_MCP
#define PRIVATE CAP_STARTS_HUB | CAP_SELF

const struct capability email_rows[] = {
    {"identity", "create", "1.0", "Make an identity: a name with an inbox and an address",
     INPUT("properties"
           : {
               NAME,
               "kind" : {
                   "type" : "string",
                   "enum" : [ "agent", "human" ],
                   "default" : "agent",
                   "description" : "who is behind it"
               },
               WORDS("policy_group", 63, "the group that rules name it by")
           },
             "required"
           : ["name"], "x-positional"
           : ["name"]),
     IDENTITY("{name} has the address {email}."), TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB, name_errors, identity_create},
    {"identity", "list", "1.0", "List who has an inbox here",
     INPUT("properties"
           : {"all" : {"type" : "boolean", "default" : false, "description" : "revoked ones too"}}),
     SCHEMA({
         "type" : "array",
         "x-columns" : [ "name", "email", "kind", "policy_group", "created_at" ],
         "x-empty" : "No identities."
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, FLAGS, no_errors, identity_list},
    {"identity", "use", "1.0", "Make an identity the default of this user's later commands",
     INPUT("properties"
           : {NAME}, "required"
           : ["name"], "x-positional"
           : ["name"]),
     IDENTITY("You are {name} now, {email}."), TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL,
     CAP_STARTS_HUB, name_errors, identity_use},
    {"identity", "get", "1.0", "Show an identity; without a name your own",
     INPUT("properties"
           : {NAME}, "x-positional"
           : ["name"]),
     IDENTITY("{name}: {email}"), TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, FLAGS, name_errors,
     identity_get},
    {"identity", "revoke", "1.0", "End an identity: its name is nobody's any more",
     INPUT("properties"
           : {NAME}, "required"
           : ["name"], "x-positional"
           : ["name"]),
     IDENTITY("{name} is revoked."), TIER_NOTIFY, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB,
     name_errors, identity_revoke},
    {"identity", "alias", "1.0", "Give an identity another address",
     INPUT("properties"
           : {
               NAME,
               "address" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 254,
                   "description" : "NAME@DOMAIN, of any domain",
                   "x-value" : "ADDRESS"
               },
               "remove" :
                   {"type" : "boolean", "default" : false, "description" : "take it away again"}
           },
             "required"
           : [ "name", "address" ], "x-positional"
           : [ "name", "address" ]),
     IDENTITY("{name}: {email}"), TIER_NOTIFY, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB,
     name_errors, identity_alias},

    {"email", "send", "1.0", "Send a mail, to names here or to addresses",
     INPUT("properties"
           : {
               ADDRESSES("to", "who it is for"),
               ADDRESSES("cc", "who reads it too"),
               WORDS("subject", 900, "what it is about"),
               BODY,
               FILES,
               WORDS("thread", 255, "goes on with this message's thread"),
               "approval" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "ask a human: APPROVE or DENY in the answer settles it"
               }
           },
             "required"
           : [ "to", "subject", "body" ]),
     SENT, TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, email_send},
    {"email", "reply", "1.0", "Answer who sent a message; it is read then",
     INPUT("properties"
           : {
               MESSAGE_ID,
               BODY,
               "all" : {
                   "type" : "boolean",
                   "default" : false,
                   "description" : "all whom it went to, too, as reply-all"
               },
               FILES
           },
             "required"
           : [ "message_id", "body" ]),
     SENT, TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, email_reply},
    {"email", "reply-all", "1.0", "Answer all whom a message went to",
     INPUT("properties"
           : {MESSAGE_ID, BODY, FILES}, "required"
           : [ "message_id", "body" ]),
     SENT, TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, email_reply_all},
    {"email", "forward", "1.0", "Hand a message on, with what came with it",
     INPUT("properties"
           : {MESSAGE_ID, ADDRESSES("to", "who it is for"), ADDRESSES("cc", "who reads it too"),
              NOTE, FILES},
             "required"
           : [ "message_id", "to" ]),
     SENT, TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, email_forward},
    {"email", "resend", "1.0", "Send a message of yours once more",
     INPUT("properties"
           : {MESSAGE_ID}, "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     SENT, TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, email_resend},
    {"email", "read", "1.0", "Read a message; it counts as read then",
     INPUT("properties"
           : {MESSAGE_ID}, "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     LETTER, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, look_errors, email_read},
    {"email", "thread", "1.0", "List a message's whole thread, the oldest first",
     INPUT("properties"
           : {MESSAGE_ID}, "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     LETTERS, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, look_errors, email_thread},
    {"email", "attachment", "1.0", "Get a file that came with a message",
     INPUT("properties"
           : {
               MESSAGE_ID,
               "n" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 1000,
                   "default" : 1,
                   "description" : "which one, from 1"
               },
               AT
           },
             "required"
           : ["message_id"], "x-positional"
           : [ "message_id", "n" ]),
     PIECE, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, PRIVATE, look_errors, email_attachment},
    {"email", "deliver", "1.0", "Take in a mail (RFC 5322) from standard input, as an MTA does it",
     INPUT("properties"
           : {
               ADDRESSES("to", "who it is for, as the envelope says; else as its header does"),
               "message" :
                   {"type" : "string", "description" : "the mail; standard input when absent"},
               "data" : {"type" : "string", "description" : "the same in base64"},
               "upload" : {"type" : "string", "maxLength" : 40, "description" : "uploaded before"}
           }),
     SCHEMA({
         "type" : "object",
         "properties" : {"id" : {"type" : "string"}, "to" : {"type" : "array"}},
         "x-sentence" : "{id} is delivered."
     }),
     TIER_NOTIFY, ROLE_OWNER, LANE_CONTROL, CAP_STARTS_HUB, send_errors, email_deliver},
    {"email", "raw", "1.0", "A message as mail programs read it",
     INPUT("properties"
           : {MESSAGE_ID, AT}, "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     PIECE, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, PRIVATE, look_errors, email_raw},
    {"email", "upload", "1.0", "Hand over a part of what is too large for one call",
     INPUT("properties"
           : {"data" : {"type" : "string"}, "upload" : {"type" : "string", "maxLength" : 40}},
             "required"
           : ["data"]),
     SCHEMA({"type" : "object"}), TIER_AUTONOMOUS, ROLE_OWNER, LANE_CONTROL, CAP_INTERNAL,
     look_errors, email_upload},
    {"email", "export", "1.0", "Write your mail to a folder or file that any mail reader opens",
     INPUT("properties"
           : {
               "format" : {
                   "type" : "string",
                   "enum" : [ "maildir", "mbox" ],
                   "default" : "maildir",
                   "description" : "a folder, or one file"
               },
               "output" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 4000,
                   "description" : "where it is made",
                   "x-value" : "PATH"
               }
           },
             "required"
           : ["output"], "x-positional"
           : ["output"]),
     SCHEMA({
         "type" : "object",
         "properties" : {"count" : {"type" : "integer"}},
         "x-sentence" : "{count} messages are written."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CLIENT, CAP_STARTS_HUB, no_errors, NULL},

    {"inbox", "email", "1.0", "List your mail, the oldest first; listing leaves it unread",
     INPUT(
         "properties"
         : {
             "unread" :
                 {"type" : "boolean", "default" : false, "description" : "only what was not read"},
             "all" : {"type" : "boolean", "default" : false, "description" : "what you sent, too"},
             THREAD,
             FROM,
             "limit" : {
                 "type" : "integer",
                 "minimum" : 1,
                 "maximum" : 10000,
                 "default" : 1000,
                 "description" : "at most so many"
             }
         }),
     LETTERS, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, look_errors, inbox_email},
    {"inbox", "wait", "1.0", "Wait until there is unread mail, and get the oldest",
     INPUT("properties"
           : {
               FROM,
               THREAD,
               "timeout" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 86400,
                   "description" : "how long; for ever when absent",
                   "x-value" : "SECONDS"
               }
           }),
     LETTER, TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS | CAP_LONG, wait_errors,
     inbox_wait},
};
_Static_assert(sizeof email_rows / sizeof *email_rows == EMAIL_ROWS, "as the header says");
