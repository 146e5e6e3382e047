// Linear publishes no schema file, but the declarations of its SDK are generated from the
// schema, name by name.  This reads them back into a schema for graphql-js.
//
// What is lost: default values of arguments and descriptions.  Names that the generator
// spells anew are found without regard to case.

import fs from 'node:fs';
import path from 'node:path';

// The declarations as [{kind, name, bases, members | values | parts}].
function declarations(text) {
	const found = [];
	const plain = text.replace(/\/\*\*[\s\S]*?\*\//g, '');
	const head = /^(?:export )?(?:declare )?(type|enum) (\w+)(?: =)? ?([^\n]*)$/gm;
	for (let m; (m = head.exec(plain)); ) {
		const [, kind, name, rest] = m;
		if (rest.endsWith('{')) {
			const end = plain.indexOf('\n}', head.lastIndex);
			const body = plain.slice(head.lastIndex, end);
			const bases = rest.slice(0, -1).split('&').map((s) => s.trim()).filter(Boolean);
			found.push(kind === 'enum'
				? {kind, name, values: [...body.matchAll(/= "(\w+)"/g)].map((v) => v[1])}
				: {kind, name, bases, members: members(body)});
			head.lastIndex = end;
		} else if (kind === 'type') {
			const end = plain.indexOf(';', m.index);
			const parts = plain.slice(m.index, end).split('=').slice(1).join('=').split('|')
				.map((s) => s.trim()).filter(Boolean);
			if (parts.every((p) => /^[A-Z]\w*$/.test(p)))
				found.push({kind: 'union', name, parts});
		}
	}
	return found;
}

function members(body) {
	return [...body.replace(/\s+/g, ' ').matchAll(/(\w+)\??: ([^;]+);/g)]
		.map(([, name, type]) => ({name, type: type.trim()}));
}

// Maybe<Array<Scalars["String"]>> as [String!]; null for what is no type of the schema.
function type_of(text) {
	const maybe = /^(?:Input)?Maybe<(.*)>$/.exec(text);
	const inner = maybe ? maybe[1].trim() : text;
	const list = /^Array<(.*)>$/.exec(inner);
	const scalar = /^Scalars\["(\w+)"\](?:\["\w+"\])?$/.exec(inner);
	let type = list ? type_of(list[1].trim()) : scalar ? scalar[1] : inner;
	if (!list && !/^\w+$/.test(type))
		return null;
	return list && type ? `[${type}]${maybe ? '' : '!'}` : type && type + (maybe ? '' : '!');
}

const BUILT_IN = new Set(['ID', 'String', 'Boolean', 'Int', 'Float']);

export function linear_schema_text(sdk) {
	const dist = path.join(sdk, 'dist');
	const text = fs.readdirSync(dist).filter((f) => /\.d\.m?ts$/.test(f))
		.map((f) => fs.readFileSync(path.join(dist, f), 'utf8'))
		.find((t) => /^type Scalars = \{/m.test(t) && /^type Mutation = \{/m.test(t));
	if (!text)
		throw new Error('the package holds no declarations of a schema');
	const all = new Map();
	for (const d of declarations(text))
		if (!all.has(d.name))
			all.set(d.name, d);
	const scalars = new Set(all.get('Scalars').members.map((m) => m.name));
	const by_small_name = new Map([...all.keys()].map((n) => [n.toLowerCase(), n]));
	const is_output = (d) => d.members.some((m) => m.name === '__typename');
	const is_base = new Set([...all.values()].flatMap((d) => d.bases ?? []));
	const made_by = (base) => [...all.values()]
		.filter((d) => d.bases?.includes(base)).map((d) => d.name);
	const out = [];
	const wanted = ['Query', 'Mutation'];
	const seen = new Set(wanted);
	// The generator writes IdComparator where the schema says IDComparator.
	const spelt = (n) => n.replace(/^((?:Issue)?)IdComparator$/, '$1IDComparator');
	const refer = (type) => {
		const name = type.replace(/[[\]!]/g, '');
		if (!BUILT_IN.has(name) && !seen.has(name)) {
			seen.add(name);
			wanted.push(name);
		}
		return type.replace(name, spelt(name));
	};
	const args_of = (owner, field) => {
		const name = by_small_name.get(`${owner}${field}args`.toLowerCase());
		const list = name ? all.get(name).members : [];
		return list.length === 0 ? ''
			: `(${list.map((a) => `${a.name}: ${refer(type_of(a.type))}`).join(', ')})`;
	};
	for (let name; (name = wanted.shift()); ) {
		const d = all.get(name);
		if (scalars.has(name)) {
			out.push(`scalar ${name}`);
		} else if (!d) {
			throw new Error(`the declarations name ${name} and do not say what it is`);
		} else if (d.kind === 'enum') {
			out.push(`enum ${name} { ${d.values.join(' ')} }`);
		} else if (d.kind === 'union') {
			out.push(`union ${name} = ${d.parts.map(refer).join(' | ')}`);
		} else {
			const base = !is_output(d) && is_base.has(name);
			const input = !is_output(d) && !base;
			if (base)
				made_by(name).filter((n) => is_output(all.get(n))).forEach(refer);
			const lines = d.members.filter((m) => m.name !== '__typename').map((m) => {
				const type = type_of(m.type);
				if (!type)
					throw new Error(`${name}.${m.name} is of no type: ${m.type}`);
				return `  ${m.name}${input ? '' : args_of(name, m.name)}: ${refer(type)}`;
			});
			const word = input ? 'input' : base ? 'interface' : 'type';
			const bases = d.bases.length ? ` implements ${d.bases.map(refer).join(' & ')}` : '';
			out.push(`${word} ${spelt(name)}${bases} {\n${lines.join('\n')}\n}`);
		}
	}
	return out.join('\n');
}
