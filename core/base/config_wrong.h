/* What is wrong with a part of the configuration that has names of the owner's choice (members,
 * agents, hooks): its checkers tell where and why, config.c finds the line. */
#ifndef BATON_BASE_CONFIG_WRONG_H
#define BATON_BASE_CONFIG_WRONG_H

struct config_wrong {
    int path[2];    /* as config_line counts: the entry's number, then the key's in it */
    int depth;      /* of path */
    char name[160]; /* what is wrong, "grace" or "grace.role"; untrusted text */
    char says[160]; /* the rest of the sentence */
};

#endif
