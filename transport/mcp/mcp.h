/* `baton mcp`: baton for agents, as a server of the Model Context Protocol on standard input and
 * output. Each tool is a row of the catalogue that has CAP_MCP; whoever the environment's token or
 * identity says is who calls. */
#ifndef BATON_MCP_MCP_H
#define BATON_MCP_MCP_H

struct mcp_options { /* all borrowed; NULL: none */
    const char *hub;
    const char *identity, *token;
    const char *workspace; /* for tools that take one, when the call names none */
    int page;              /* tools in one answer of tools/list */
};

#define MCP_PAGE 200 /* usually: many clients ask for the first page alone */

/* Serves until standard input ends; gives the exit status. */
int mcp_main(const struct mcp_options *options);

#endif
