// Holds messages against the protocol's schema as its own SDK has it. usage: node acp_check.mjs SDK
// Standard input: [[SCHEMA, VALUE], …], SCHEMA as in zInitializeResponse. Prints a list of what is
// wrong. The SDK is lenient: an optional member that is wrong is left out, as an unknown one is; here
// each member has to come out again.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const schemas = await import(pathToFileURL(process.argv[2] + '/dist/schema/zod.gen.js').href);
const wrong = [];

function lost(value, parsed, where) {
    if (value === null || typeof value !== 'object')
        return value === parsed ? [] : [where];
    if (parsed === null || typeof parsed !== 'object')
        return [where];
    return Object.keys(value).flatMap((key) => lost(value[key], parsed[key], `${where}.${key}`));
}

for (const [name, value] of JSON.parse(readFileSync(0, 'utf8'))) {
    const result = schemas[name].safeParse(value);
    if (!result.success)
        wrong.push(`${name}: ${JSON.stringify(value)}: ${result.error.message}`);
    else
        for (const where of lost(value, result.data, name))
            wrong.push(`${where} is not as the schema has it: ${JSON.stringify(value)}`);
}
console.log(JSON.stringify(wrong));
