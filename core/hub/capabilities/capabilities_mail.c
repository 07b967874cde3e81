/* The catalogue's rows on comms: messages between agents and people, channels, and what becomes of
 * a message. Names, defaults and tiers of the first four are those that agents know already. Data.
 */
#include "core/hub/mail/comms.h"
#include "core/hub/hub_private.h"

#include "core/hub/capabilities/capabilities_private.h"

#define AGENT(name, text) WORD(name, 319, "AGENT", text)
#define CHANNEL(text)     WORD("channel", 200, "CHANNEL", text)
#define MESSAGE           LONG_TEXT("message", "plain text or JSON")
#define ONCE                                                                                       \
    WORD("idempotency_key", 200, "KEY", "called again with this key, the first answer comes again")
#define MESSAGE_ID(name, text) ID(name, "MESSAGE", text)
#define REPLY_TO               MESSAGE_ID("reply_to", "the message that this one answers")
#define PRIORITY                                                                                   \
    "priority":                                                                                    \
    {                                                                                              \
        "type" : "string",                                                                         \
                 "enum" : [ "low", "normal", "high" ],                                             \
                          "default" : "normal",                                                    \
                                      "description" : "high ones are received first"               \
    }
#define TTL                                                                                        \
    "ttl":                                                                                         \
    {                                                                                              \
        "type" : "number",                                                                         \
                 "exclusiveMinimum" : 0,                                                           \
                 "maximum" : 31536000,                                                             \
                 "description" : "nobody gets it after so long",                                   \
                                 "x-value" : "SECONDS"                                             \
    }

static const enum err send_errors[] = {ERR_RECIPIENT, ERR_COMMS, ERR_NOT_FOUND, ERR_DENIED, ERR_OK};
static const enum err comms_errors[] = {ERR_COMMS, ERR_NOT_FOUND, ERR_DENIED, ERR_OK};
static const enum err receive_errors[] = {ERR_COMMS, ERR_DENIED, ERR_TIMEOUT, ERR_OK};
static const enum err one_errors[] = {ERR_NOT_FOUND, ERR_AMBIGUOUS, ERR_COMMS, ERR_DENIED, ERR_OK};

#define COUNTS                                                                                     \
    "message_id" : {"type" : "string"},                                                            \
                   "delivery_count" : {"type" : "integer"},                                        \
                                      "delivered" : {"type" : "integer"},                          \
                                                    "queued":                                      \
    {                                                                                              \
        "type" : "integer"                                                                         \
    }
#define STATUS(sentence)                                                                           \
    SCHEMA({                                                                                       \
        "type" : "object",                                                                         \
        "properties" : {"message_id" : {"type" : "string"}, "status" : {"type" : "string"}},       \
        "x-sentence" : sentence                                                                    \
    })
#define FLAGS CAP_STARTS_HUB | CAP_SELF | CAP_MCP

const struct capability mail_rows[] = {
    {"comms", "send", "1.0", "Send a message to an agent by name",
     INPUT("properties"
           : {AGENT("to", "the recipient's name"), MESSAGE, PRIORITY, TTL, REPLY_TO, ONCE},
             "required"
           : [ "to", "message" ]),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "message_id" : {"type" : "string"},
             "status" : {"type" : "string"},
             "to" : {"type" : "string"}
         },
         "x-sentence" : "{message_id} to {to}: {status}."
     }),
     TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, send_errors, comms_send},
    {"comms", "broadcast", "1.0", "Send a message to all agents, or to those that a filter names",
     INPUT("properties"
           : {
               MESSAGE,
               "filter" : {
                   "type" : "object",
                   "properties" : {
                       "policy_group" : {"type" : "string", "maxLength" : 63},
                       "name_pattern" : {"type" : "string", "maxLength" : 200}
                   },
                   "description" : "policy_group, or name_pattern with * ? [a-z]; all when absent",
                   "x-value" : "JSON"
               },
               PRIORITY,
               TTL,
               ONCE
           },
             "required"
           : ["message"]),
     SCHEMA({
         "type" : "object",
         "properties" : {COUNTS},
         "x-sentence" : "{message_id} to {delivery_count}: {delivered} delivered, {queued} queued."
     }),
     TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, comms_errors, comms_broadcast},
    {"comms", "subscribe", "1.0", "Have what is published on a channel put into your inbox",
     INPUT("properties"
           : {CHANNEL("its name; made by its first subscription")}, "required"
           : ["channel"]),
     SCHEMA({
         "type" : "object",
         "properties" : {"subscription_id" : {"type" : "string"}, "channel" : {"type" : "string"}},
         "x-sentence" : "{subscription_id}: subscribed to {channel}."
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, FLAGS, comms_errors, comms_subscribe},
    {"comms", "unsubscribe", "1.0", "End a subscription",
     INPUT("properties"
           : {
               "subscription_id" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 31,
                   "description" : "which one; see: baton comms channels",
                   "x-value" : "SUBSCRIPTION"
               }
           },
             "required"
           : ["subscription_id"]),
     SCHEMA({
         "type" : "object",
         "properties" : {"subscription_id" : {"type" : "string"}, "channel" : {"type" : "string"}},
         "x-sentence" : "No longer subscribed to {channel}."
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, FLAGS, one_errors, comms_unsubscribe},
    {"comms", "publish", "1.0", "Send a message to all who subscribed to a channel",
     INPUT("properties"
           : {CHANNEL("its name"), MESSAGE, PRIORITY, TTL, ONCE}, "required"
           : [ "channel", "message" ]),
     SCHEMA({
         "type" : "object",
         "properties" : {COUNTS, "channel" : {"type" : "string"}},
         "x-sentence" :
             "{message_id} on {channel} to {delivery_count}: {delivered} delivered, {queued} queued."
     }),
     TIER_NOTIFY, ROLE_AGENT, LANE_CONTROL, FLAGS, comms_errors, comms_publish},
    {"comms", "channels", "1.0", "List the channels, and what you are subscribed to",
     INPUT("properties"
           : {}),
     SCHEMA({
         "type" : "array",
         "x-columns" : [ "channel", "subscribers", "subscription_id" ],
         "x-empty" : "No channels. One is made by: baton comms subscribe --channel NAME"
     }),
     TIER_AUTONOMOUS, ROLE_AGENT, LANE_CONTROL, FLAGS, comms_errors, comms_channels},
    {"comms", "receive", "1.0", "Take the messages that wait in your inbox",
     INPUT("properties"
           : {
               "limit" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 1000,
                   "default" : 10,
                   "description" : "at most so many"
               },
               CHANNEL("only from this channel"),
               "acknowledge" : {
                   "type" : "boolean",
                   "default" : true,
                   "description" : "they do not come again; false: they stay in the inbox"
               },
               "wait" : {
                   "type" : "number",
                   "minimum" : 0,
                   "maximum" : 604800,
                   "description" : "wait so long for the first one",
                   "x-value" : "SECONDS"
               },
               "lease" : {
                   "type" : "number",
                   "exclusiveMinimum" : 0,
                   "maximum" : 604800,
                   "description" :
                       "have them for so long without acknowledging: then comms ack, or nack",
                   "x-value" : "SECONDS"
               }
           }),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "messages" : {
                 "type" : "array",
                 "items" : {
                     "type" : "object",
                     "properties" : {
                         "message_id" : {"type" : "string"},
                         "from" : {"type" : "string"},
                         "message" : {"type" : "string"},
                         "priority" : {"type" : "string"},
                         "sent_at" : {"type" : "string"},
                         "channel" : {"type" : [ "string", "null" ]}
                     }
                 }
             },
             "remaining" : {"type" : "integer"}
         },
         "x-table" : "messages",
         "x-columns" : [ "message_id", "from", "priority", "sent_at", "channel", "message" ],
         "x-empty" : "No messages."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, CAP_LONG | FLAGS, receive_errors, comms_receive},
    {"comms", "ack", "1.0", "A message that you had under a lease is done",
     INPUT("properties"
           : {MESSAGE_ID("message_id", "which one: its id, or the last six letters of it")},
             "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     STATUS("{message_id}: {status}."), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS,
     one_errors, comms_ack},
    {"comms", "nack", "1.0", "Give a message back, to be handed out again",
     INPUT("properties"
           : {MESSAGE_ID("message_id", "which one: its id, or the last six letters of it")},
             "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     STATUS("{message_id}: {status}, after {tries} tries."), TIER_AUTONOMOUS, ROLE_OBSERVER,
     LANE_CONTROL, FLAGS, one_errors, comms_nack},
    {"comms", "dead", "1.0", "List your dead letters: handed out too often, or stopped as a loop",
     INPUT("properties"
           : {
               "limit" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 1000,
                   "default" : 50,
                   "description" : "at most so many, the oldest first"
               }
           }),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "messages" : {"type" : "array", "items" : {"type" : "object"}},
             "more" : {"type" : "boolean"}
         },
         "x-table" : "messages",
         "x-columns" : [ "message_id", "from", "sent_at", "tries", "reason", "message" ],
         "x-empty" : "No dead letters."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, one_errors, comms_dead},
    {"comms", "requeue", "1.0", "Put a dead letter back, to be handed out as if it were new",
     INPUT("properties"
           : {MESSAGE_ID("message_id", "which one")}, "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     STATUS("{message_id}: {status}."), TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS,
     one_errors, comms_requeue},
    {"comms", "receipts", "1.0", "Show what became of a message: when, and by whom",
     INPUT("properties"
           : {MESSAGE_ID("message_id", "which one: its id, or the last six letters of it")},
             "required"
           : ["message_id"], "x-positional"
           : ["message_id"]),
     SCHEMA({
         "type" : "object",
         "x-table" : "receipts",
         "x-columns" :
             [ "to", "status", "queued_at", "delivered_at", "read_at", "acknowledged_at", "tries" ],
         "x-empty" : "It went to nobody."
     }),
     TIER_AUTONOMOUS, ROLE_OBSERVER, LANE_CONTROL, FLAGS, one_errors, comms_receipts},
    {"comms", "paused", "1.0", "List who was paused because they write too much to each other",
     INPUT("properties"
           : {}),
     SCHEMA({
         "type" : "array",
         "x-columns" : [ "from", "to", "reason", "count", "held", "paused_at", "state" ],
         "x-empty" : "Nobody is paused."
     }),
     TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL, FLAGS, comms_errors, comms_paused},
    {"comms", "resume", "1.0", "Let those go on that were paused because they write too much",
     INPUT("properties"
           : {AGENT("name", "whose messages, from and to it")}, "required"
           : ["name"], "x-positional"
           : ["name"]),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "name" : {"type" : "string"},
             "resumed" : {"type" : "integer"},
             "released" : {"type" : "integer"}
         },
         "x-sentence" : "{name} goes on: {released} messages were held back."
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, send_errors, comms_resume},
    {"comms", "refuse", "1.0", "Say no to those that were paused: what was held back is dead",
     INPUT("properties"
           : {AGENT("name", "whose messages, from and to it")}, "required"
           : ["name"], "x-positional"
           : ["name"]),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "name" : {"type" : "string"},
             "refused" : {"type" : "integer"},
             "dead" : {"type" : "integer"}
         },
         "x-sentence" : "{name} stays paused: {dead} messages are dead letters now."
     }),
     TIER_NOTIFY, ROLE_DRIVER, LANE_CONTROL, CAP_STARTS_HUB | CAP_SELF, send_errors, comms_refuse},
};

_Static_assert(sizeof mail_rows / sizeof *mail_rows == MAIL_ROWS, "every row is counted");
