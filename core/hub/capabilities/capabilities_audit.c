/* The catalogue's rows on the audit. Data. */
#include "core/hub/mail/audit.h"

#include "core/hub/capabilities/capabilities_private.h"

static const enum err audit_errors[] = {ERR_OK};

const struct capability audit_rows[AUDIT_ROWS] = {
    {"audit", "log", "1.0", "Show what was sent, delivered, read and settled, and by whom",
     INPUT("properties"
           : {
               "since" : {
                   "type" : "integer",
                   "minimum" : 0,
                   "description" : "only entries behind this one; the newest when absent",
                   "x-value" : "N"
               },
               "member" : {
                   "type" : "string",
                   "minLength" : 1,
                   "maxLength" : 63,
                   "pattern" : "^[A-Za-z0-9_.@-]+$",
                   "x-expects" : "a member's name",
                   "description" : "only what names this member",
                   "x-value" : "MEMBER"
               },
               "limit" : {
                   "type" : "integer",
                   "minimum" : 1,
                   "maximum" : 1000,
                   "default" : 100,
                   "description" : "at most so many"
               }
           }),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "entries" : {
                 "type" : "array",
                 "items" : {
                     "type" : "object",
                     "properties" : {"at" : {"type" : "integer", "x-unit" : "time-us"}}
                 }
             },
             "head" : {"type" : "integer"}
         },
         "x-table" : "entries",
         "x-columns" : [ "n", "at", "what", "message_id", "who", "to" ],
         "x-empty" : "No entries."
     }),
     TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, audit_errors,
     audit_log},
    {"audit", "verify", "1.0", "Find the first entry or message that was altered, cut or taken out",
     INPUT("properties"
           : {}),
     SCHEMA({
         "type" : "object",
         "properties" : {
             "whole" : {"type" : "boolean"},
             "said" : {"type" : "string"},
             "entries" : {"type" : "integer"},
             "messages" : {"type" : "integer"},
             "hash" : {"type" : "string"},
             "flaw" : {"type" : "string"},
             "n" : {"type" : "integer"},
             "message_id" : {"type" : "string"},
             "exit" : {"type" : "integer"}
         },
         "x-sentence" : "{said} Up to entry {entries} the hash is {hash}.",
         "x-exit" : "exit"
     }),
     TIER_AUTONOMOUS, ROLE_DRIVER, LANE_CONTROL, CAP_LONG | CAP_STARTS_HUB, audit_errors,
     audit_verify},
};
