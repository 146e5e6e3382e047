// Holds every operation that the Linear adapter can send against Linear's own schema.
//
//   print_linear | validate_linear.mjs PACKAGES

import {createRequire} from 'node:module';
import fs from 'node:fs';
import path from 'node:path';
import {linear_schema_text} from './schema_linear.mjs';

const packages = path.resolve(process.argv[2]);
const {buildSchema, parse, validate, visit} =
	createRequire(path.join(packages, 'x.js'))('graphql');
const schema = buildSchema(linear_schema_text(path.join(packages, 'node_modules/@linear/sdk')));
const operations = fs.readFileSync(0, 'utf8').split('\0').filter(Boolean);
// T05: what belongs to people; T04: a connection without a limit asks for everything.
const FORBIDDEN = new Set(['priority', 'dueDate', 'cycle', 'cycleId']);
let bad = 0;

function complain(name, text) {
	console.log(`${name}: ${text}`);
	bad++;
}

for (const text of operations) {
	const document = parse(text);
	const name = document.definitions[0].name.value;
	for (const e of validate(schema, document))
		complain(name, e.message);
	visit(document, {
		Field(node) {
			if (FORBIDDEN.has(node.name.value))
				complain(name, `names ${node.name.value} (T05)`);
			const inner = node.selectionSet?.selections.map((s) => s.name.value) ?? [];
			if (inner.includes('nodes') && !node.arguments.some((a) => a.name.value === 'first'))
				complain(name, `lists ${node.name.value} without a limit (T04)`);
		},
	});
}
// A schema that lets everything pass would be none.
const probe = 'mutation X { issueCreate(input: { heading: "x" }) { victory } }';
if (validate(schema, parse(probe)).length < 3)
	complain('schema', 'accepts a mutation that nobody knows');
console.log(`${operations.length} operations, ${Object.keys(schema.getTypeMap()).length} types`);
process.exit(bad || operations.length === 0 ? 1 : 0);
