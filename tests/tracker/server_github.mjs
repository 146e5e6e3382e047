// A tracker that speaks GitHub's REST: every request is held against the published OpenAPI
// description (path, query, body), and so is every answer, on a store in memory.
//
//   server_github.mjs PACKAGES         prints its port, ends when its input ends

import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {say, serve} from './server_common.mjs';

const api = JSON.parse(fs.readFileSync(path.join(path.resolve(process.argv[2]), 'github.json')));
const TOKEN = 'lin_api_test_secret_token';
const REPO = 'acme/gates';
// Paths of a github.com; an enterprise server has them below /api/v3.
const BELOW = /^\/api\/v3(?=\/)/;

const resolve = (s) => s.$ref ? s.$ref.slice(2).split('/').reduce((o, k) => o[k], api) : s;

const routes = Object.entries(api.paths).map(([template, methods]) => ({
	template, methods,
	pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
	fixed: template.replace(/\{\w+\}/g, '').length,
})).sort((a, b) => b.fixed - a.fixed);

const types = {
	string: (v) => typeof v === 'string', boolean: (v) => typeof v === 'boolean',
	integer: (v) => Number.isInteger(v), number: (v) => typeof v === 'number',
	array: Array.isArray, object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
};

// All properties that SCHEMA and what it is put together from know, or null when it knows none.
function properties(schema) {
	const s = resolve(schema);
	const parts = [...(s.allOf ?? []), ...(s.oneOf ?? []), ...(s.anyOf ?? [])].map(properties);
	if (!s.properties && parts.every((p) => !p))
		return null;
	return Object.assign({}, ...parts.filter(Boolean), s.properties);
}

// What is wrong with VALUE, as a list.  WHOLE: what is required must be there.
function wrongs(schema, value, where, whole) {
	const s = resolve(schema);
	if (value === null)
		return s.nullable || s.oneOf || s.anyOf || s.allOf || s.type === 'null' ? [] : [`${where} is null`];
	const choice = s.oneOf ?? s.anyOf;
	if (choice) {
		const tried = choice.map((c) => wrongs(c, value, where, whole));
		return tried.some((t) => t.length === 0) ? [] : tried[0];
	}
	if (s.type && types[s.type] && !types[s.type](value))
		return [`${where} is no ${s.type}`];
	if (s.enum && !s.enum.includes(value))
		return [`${where} is none of ${s.enum.join(', ')}`];
	if (Array.isArray(value))
		return s.items ? value.flatMap((v, i) => wrongs(s.items, v, `${where}[${i}]`, whole)) : [];
	const known = properties(s);
	if (!types.object(value) || !known)
		return [];
	return [
		...(whole ? (s.required ?? []).filter((k) => !(k in value)).map((k) => `${where}.${k} is missing`) : []),
		...Object.entries(value).flatMap(([k, v]) => known[k] ? wrongs(known[k], v, `${where}.${k}`, whole)
			: [`${where}.${k} is unknown`]),
	];
}

let db;
// The repository that a request is about: REPO, or another one, which has pull requests only.
let here = REPO;
const AT = Symbol('repository');
const used = new Set();

function begin() {
	db = {issues: [], comments: [], pulls: [], runs: [], statuses: [], reviews: [], events: [], ids: 1000,
		clock: Date.UTC(2026, 0, 1), token: TOKEN, foreign: 0,
		others: {}};
}

const now = () => new Date(db.clock += 1000).toISOString().replace('.000', '');
const base = 'https://api.github.com/repos/' + REPO;
const people = ['ada', 'grace'];
const user = (login) => ({login, id: login.length, type: login.endsWith('[bot]') ? 'Bot' : 'User'});

class Refusal extends Error {
	constructor(status, message, detail) {
		super(message);
		this.status = status;
		this.body = {message, ...(detail && {errors: [{resource: 'Issue', code: 'custom', message: detail}]})};
	}
}

const must = (thing) => {
	if (!thing)
		throw new Refusal(404, 'Not Found');
	return thing;
};
// Comments are made at pull requests as at issues.
const issues = () => here === REPO ? db.issues : [];
const pulls = () => db.pulls.filter((x) => x[AT] === here);
const pull_of = (p) => must(pulls().find((x) => x.number === Number(p.pull_number)));
const place_of = (p) => must([...issues(), ...pulls()].find((i) => i.number === Number(p.issue_number)));
const issue_of = (p) => must(issues().find((i) => i.number === Number(p.issue_number)));
const by_id = (id) => {
	const found = db.issues.find((i) => i.id === id);
	if (!found)
		throw new Refusal(422, 'Validation Failed', 'The provided issue does not exist');
	return found;
};

function show(i) {
	const {parent, blocked_by, ...shown} = i;
	return {...shown, ...(parent && {parent_issue_url: `${base}/issues/${parent.number}`})};
}

function change(i, body) {
	if (body.title !== undefined)
		i.title = body.title;
	if (body.body !== undefined)
		i.body = body.body;
	if (body.body?.length > 65536)
		throw new Refusal(422, 'Validation Failed', 'body is too long (maximum is 65536 characters)');
	if (body.labels)
		i.labels = [...new Set(body.labels)].map((name) => ({id: ++db.ids, name, color: 'ededed'}));
	if (body.assignees) {
		const wrong = body.assignees.find((a) => !people.includes(a) && a !== 'copilot-swe-agent[bot]');
		if (wrong)
			throw new Refusal(422, 'Validation Failed', `${wrong} cannot be assigned`);
		i.assignees = body.assignees.map(user);
	}
	if (body.state) {
		i.state = body.state;
		i.state_reason = body.state_reason ?? (body.state === 'closed' ? 'completed' : null);
	}
	i.updated_at = now();
	return i;
}

// Naming an issue leaves a trace at it.
function refer(text, source) {
	for (const m of text.matchAll(/(?:acme\/gates)?#(\d+)/g)) {
		const named = db.issues.find((i) => i.number === Number(m[1]));
		if (named)
			db.events.push({issue: named, event: {event: 'cross-referenced', created_at: now(), updated_at: now(),
				source: {type: 'issue', issue: source}}});
	}
}

const number = () => issues().length + pulls().length + 1;

// The git repository behind it, where the order named one: branches and what is merged are its.
const store = () => here === REPO ? db.git : db.others[here];
function git(...args) {
	try {
		return execFileSync('git', ['-C', store(), ...args], {encoding: 'utf8', stdio: 'pipe'}).trim();
	} catch {
		return null;
	}
}
const tip = (branch, other) => store() ? git('rev-parse', '--verify', `refs/heads/${branch}`) : other.repeat(40);

// What follows by itself when a branch is pushed: the head moves, and what the base has is merged.
function refresh(pull) {
	here = pull[AT];
	if (!store() || pull.state !== 'open')
		return pull;
	pull.head.sha = tip(pull.head.ref) ?? pull.head.sha;
	if (git('merge-base', '--is-ancestor', pull.head.sha, `refs/heads/${pull.base.ref}`) !== null) {
		merged(pull, tip(pull.base.ref));
	}
	return pull;
}

function merged(pull, sha) {
	Object.assign(pull, {state: 'closed', merged_at: now(), merge_commit_sha: sha});
	// From another repository only an issue that is named with its own is closed.
	for (const m of pull.body.matchAll(pull[AT] === REPO ? /\bcloses (?:acme\/gates)?#(\d+)/gi
		: /\bcloses acme\/gates#(\d+)/gi))
		change(db.issues.find((i) => i.number === Number(m[1])), {state: 'closed', state_reason: 'completed'});
}

// What GitHub's own merge makes, as METHOD wants it; null when there is a conflict.
function merge_as(method, pull, {commit_title, commit_message}) {
	if (!store())
		return 'd'.repeat(40);
	const onto = tip(pull.base.ref);
	const tree = git('merge-tree', '--write-tree', onto, pull.head.sha);
	const parents = method === 'merge' ? ['-p', onto, '-p', pull.head.sha] : ['-p', onto];
	const made = tree && git('-c', 'user.name=GitHub', '-c', 'user.email=noreply@example.invalid', 'commit-tree',
		...parents, '-m', commit_title ?? pull.title, '-m', commit_message ?? '', tree);
	if (made)
		git('update-ref', `refs/heads/${pull.base.ref}`, made, onto);
	return made;
}

const acts = {
	'GET /user': () => ({...user('ada'), user_view_type: 'public'}),
	'GET /repos/{owner}/{repo}': () => ({id: 1, full_name: REPO, archived: false, has_issues: true}),
	'GET /repos/{owner}/{repo}/assignees/{assignee}': (p) => must(people.includes(p.assignee)) && undefined,
	'GET /repos/{owner}/{repo}/issues': (p, q) => {
		const list = db.issues.filter((i) => q.state === 'all' || i.state === (q.state ?? 'open'));
		return (q.direction === 'asc' ? list : [...list].reverse()).map(show);
	},
	'POST /repos/{owner}/{repo}/issues': (p, q, body) => {
		const n = number();
		const i = {id: ++db.ids, node_id: `I_${n}`, number: n, title: '', body: '', state: 'open',
			state_reason: null, labels: [], assignees: [], html_url: `https://github.com/${REPO}/issues/${n}`,
			url: `${base}/issues/${n}`, repository_url: base, created_at: now(), updated_at: now(),
			user: user('ada'), blocked_by: []};
		change(i, body);
		db.issues.push(i);
		return [201, show(i)];
	},
	'GET /repos/{owner}/{repo}/issues/{issue_number}': (p) => show(issue_of(p)),
	'PATCH /repos/{owner}/{repo}/issues/{issue_number}': (p, q, body) => show(change(issue_of(p), body)),
	'GET /repos/{owner}/{repo}/issues/{issue_number}/sub_issues': (p) => {
		const parent = issue_of(p);
		return db.issues.filter((i) => i.parent === parent).map(show);
	},
	'POST /repos/{owner}/{repo}/issues/{issue_number}/sub_issues': (p, q, body) => {
		const child = by_id(body.sub_issue_id);
		if (child.parent)
			throw new Refusal(422, 'Validation Failed', 'Sub issue may only have one parent');
		child.parent = issue_of(p);
		return [201, show(child.parent)];
	},
	'GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by': (p) =>
		issue_of(p).blocked_by.map(show),
	'GET /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocking': (p) => {
		const blocker = issue_of(p);
		return db.issues.filter((i) => i.blocked_by.includes(blocker)).map(show);
	},
	'POST /repos/{owner}/{repo}/issues/{issue_number}/dependencies/blocked_by': (p, q, body) => {
		const i = issue_of(p), blocker = by_id(body.issue_id);
		if (i.blocked_by.includes(blocker))
			throw new Refusal(422, 'Validation Failed', 'already blocked by it');
		i.blocked_by.push(blocker);
		return [201, show(i)];
	},
	'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': (p) => {
		const i = place_of(p);
		return db.comments.filter((c) => c.issue === i).map(({issue, ...c}) => c);
	},
	'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': (p, q, body) => {
		const issue = place_of(p);
		const comment = {id: ++db.ids, body: body.body, created_at: now(), updated_at: now(), user: user('ada')};
		db.comments.push({issue, ...comment});
		if (db.issues.includes(issue))
			refer(body.body, show(issue));
		return [201, comment];
	},
	'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': (p, q, body) => {
		const found = must(db.comments.find((c) => c.id === Number(p.comment_id)));
		found.body = body.body;
		const {issue, ...comment} = found;
		return comment;
	},
	'GET /repos/{owner}/{repo}/issues/{issue_number}/timeline': (p) => {
		const i = issue_of(p);
		return db.events.filter((e) => e.issue === i).map((e) => e.event);
	},
	'GET /repos/{owner}/{repo}/pulls': (p, q) => pulls().map(refresh).filter((x) => x.state === (q.state ?? 'open') &&
		(!q.head || q.head === `acme:${x.head.ref}`) && (!q.base || q.base === x.base.ref)),
	'POST /repos/{owner}/{repo}/pulls': (p, q, body) => {
		if (pulls().some((x) => x.state === 'open' && x.head.ref === body.head && x.base.ref === body.base))
			throw new Refusal(422, 'Validation Failed', `A pull request already exists for acme:${body.head}.`);
		if (!tip(body.head, 'a') || !tip(body.base, 'b'))
			throw new Refusal(422, 'Validation Failed', 'head or base: there is no such branch');
		const n = number();
		const pull = {id: ++db.ids, number: n, title: body.title, body: body.body ?? '', state: 'open',
			draft: body.draft ?? false, merged_at: null, html_url: `https://github.com/${here}/pull/${n}`, [AT]: here,
			head: {ref: body.head, sha: tip(body.head, 'a')}, base: {ref: body.base, sha: tip(body.base, 'b')},
			requested_reviewers: []};
		db.pulls.push(pull);
		refer(pull.body, {id: pull.id, number: n, title: pull.title,
			repository_url: base.replace(REPO, here), pull_request: {url: `${base.replace(REPO, here)}/pulls/${n}`}});
		return [201, pull];
	},
	'GET /repos/{owner}/{repo}/pulls/{pull_number}': (p) =>
		refresh(pull_of(p)),
	'PATCH /repos/{owner}/{repo}/pulls/{pull_number}': (p, q, body) => Object.assign(
		refresh(pull_of(p)), body),
	'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge': (p, q, body) => {
		const pull = refresh(pull_of(p));
		if (pull.state !== 'open')
			throw new Refusal(405, 'Pull Request is not mergeable');
		if (body.sha && body.sha !== pull.head.sha)
			throw new Refusal(409, 'Head branch was modified. Review and try the merge again.');
		if (db.protects)
			throw new Refusal(405, db.protects);
		const sha = merge_as(body.merge_method ?? 'merge', pull, body);
		if (!sha)
			throw new Refusal(405, 'Pull Request is not mergeable');
		merged(pull, sha);
		return {sha, merged: true, message: 'Pull Request successfully merged'};
	},
	'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews': () => db.reviews,
	'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': () =>
		({total_count: db.runs.length, check_runs: db.runs}),
	'GET /repos/{owner}/{repo}/commits/{ref}/status': () =>
		({state: 'pending', total_count: db.statuses.length, statuses: db.statuses}),
};

function answer(r, q, url, status, out, schema) {
	if (out === undefined) {
		r.writeHead(204);
		return r.end();
	}
	const headers = {'x-ratelimit-remaining': 4999};
	if (Array.isArray(out)) {
		const size = Number(url.searchParams.get('per_page') ?? 30);
		const page = Number(url.searchParams.get('page') ?? 1);
		if (size > 100 || page < 1)
			return say(r, 422, {message: 'no such page'});
		if (page * size < out.length) {
			url.searchParams.set('page', page + 1);
			headers.link = `<${url}>; rel="prev", <${url}>; rel="next"`;
		}
		out = out.slice((page - 1) * size, page * size);
	}
	const wrong = schema ? wrongs(schema, out, 'answer', false) : ['no schema'];
	if (wrong.length)
		throw new Error(`the test server answers what GitHub does not: ${wrong[0]}`);
	say(r, status, out, headers);
}

function handle(q, r, text) {
	const url = new URL(q.url, `http://${q.headers.host}`);
	url.pathname = url.pathname.replace(BELOW, '');
	if (q.headers.authorization !== `Bearer ${db.token}`)
		return say(r, 401, {message: 'Bad credentials'});
	if (!q.headers['user-agent'] || q.headers['x-github-api-version'] !== '2022-11-28')
		return say(r, 400, {message: 'a header is missing'});
	const route = routes.find((x) => x.pattern.test(url.pathname) && x.methods[q.method.toLowerCase()]);
	if (!route)
		return say(r, 404, {message: `no such route ${q.method} ${url.pathname}`});
	const operation = route.methods[q.method.toLowerCase()];
	const known = (operation.parameters ?? []).map(resolve).filter((x) => x.in === 'query');
	for (const [name, value] of url.searchParams) {
		const parameter = known.find((x) => x.name === name);
		const choices = parameter && resolve(parameter.schema).enum;
		if (!parameter || (choices && !choices.includes(value)))
			return say(r, 422, {message: `${operation.operationId} knows no ${name}=${value}`});
	}
	const wanted = operation.requestBody?.content['application/json']?.schema;
	const body = text ? JSON.parse(text) : undefined;
	const wrong = body === undefined ? [] : wanted ? wrongs(wanted, body, 'body', true) : ['a body is not wanted'];
	if (wrong.length)
		return say(r, 422, {message: `${operation.operationId}: ${wrong.join('; ')}`});
	const key = `${q.method} ${route.template}`;
	if (!acts[key])
		return say(r, 500, {message: `the test server lacks ${key}`});
	const p = Object.fromEntries(Object.entries(route.pattern.exec(url.pathname).groups ?? {})
		.map(([k, v]) => [k, decodeURIComponent(v)]));
	here = p.owner ? `${p.owner}/${p.repo}` : REPO;
	if (here !== REPO && !db.others[here])
		return say(r, 404, {message: 'Not Found'});
	used.add(operation.operationId);
	try {
		const got = acts[key](p, Object.fromEntries(url.searchParams), body);
		const [status, out] = Array.isArray(got) && got[0] === 201 ? got : [got === undefined ? 204 : 200, got];
		answer(r, q, url, status, out, operation.responses[status]?.content?.['application/json']?.schema);
	} catch (e) {
		if (!(e instanceof Refusal))
			throw e;
		say(r, e.status, e.body);
	}
}

// Something that people or machines do on GitHub, just before the next request.
const meanwhile = (what) => (q, r, text) => {
	here = REPO;
	what();
	return handle(q, r, text);
};
const run = (status, conclusion) => ({id: ++db.ids, name: 'build', status, conclusion});
const review = (login, state) => db.reviews.push({id: ++db.ids, user: user(login), state});

const mine = () => db.issues.filter((i) => i.number > db.foreign).map((i) => ({id: `#${i.number}`,
	parent: i.parent && `#${i.parent.number}`, title: i.title, body: i.body, state: i.state_reason ?? i.state,
	labels: i.labels.map((l) => l.name), assignees: i.assignees.map((a) => a.login),
	blocked_by: i.blocked_by.map((b) => `#${b.number}`)}));

begin();
serve({
	handle,
	// "seed": so many issues of other people are there; "git": the repository with the branches.
	// "others": more repositories there, and the git of each.
	reset: ({seed = 0, git: path, others = {}}) => {
		begin();
		here = REPO;
		db.others = others;
		for (let n = 1; n <= seed; n++)
			acts['POST /repos/{owner}/{repo}/issues']({}, {}, {title: `Work ${n}`});
		db.foreign = seed;
		db.git = path;
	},
	// "token" revokes the one before; "change" is what somebody else does to issues; "checks" and
	// "reviews" are what machines and people say of every pull request.
	// "below" puts issues below another, "block" makes one wait for another.
	obey: ({token, change: wanted = {}, checks, reviews, block = [], below = [], scrawl, protects}) => {
		db.token = token ?? db.token;
		// "protects" is why no pull request may be merged there, "" that it may.
		db.protects = protects ?? db.protects;
		here = REPO;
		for (const [id, body] of Object.entries(wanted))
			change(issue_of({issue_number: id.replace('#', '')}), body);
		// "scrawl" is what somebody writes into the registry.
		db.comments.filter((c) => scrawl && c.body.includes('Session Name')).forEach((c) => {
			c.body = scrawl + c.body;
		});
		for (const [n, parent] of below)
			issue_of({issue_number: n}).parent = issue_of({issue_number: parent});
		for (const [n, by] of block)
			issue_of({issue_number: n}).blocked_by.push(issue_of({issue_number: by}));
		if (checks)
			db.runs = checks.map(([status, conclusion]) => run(status, conclusion));
		for (const [login, state] of reviews ?? [])
			review(login, state);
	},
	faults: {
		limited: (q, r) => say(r, 403, {message: 'API rate limit exceeded'}, {'x-ratelimit-remaining': 0,
			'x-ratelimit-reset': Math.ceil(Date.now() / 1000) + 5}),
		readonly: (q, r, text) => q.method === 'GET' ? handle(q, r, text) :
			say(r, 403, {message: 'Repository was archived so is read-only.'}),
		// Too much at once: nothing is said of what is left, only when to come back.
		secondary: (q, r) => say(r, 403, {message: 'You have exceeded a secondary rate limit'},
			{'x-ratelimit-remaining': 4000, 'retry-after': 2}),
		edit: meanwhile(() => db.issues.forEach((i) => change(i, {title: `${i.title} (edited)`}))),
		milestone: meanwhile(() => db.issues.forEach((i) => {
			i.milestone = {title: 'Beta', number: 1, state: 'open', open_issues: 3, closed_issues: 5,
				due_on: '2026-12-01T08:00:00Z'};
		})),
		forget: meanwhile(() => { db.comments.length = 0; }),
		label: meanwhile(() => db.issues.forEach((i) => change(i, {labels: [...i.labels.map((l) => l.name), 'theirs']}))),
		'checks-run': meanwhile(() => { db.runs = [run('in_progress', null)]; }),
		'checks-pass': meanwhile(() => { db.runs = [run('completed', 'success'), run('completed', 'skipped')]; }),
		'checks-fail': meanwhile(() => { db.statuses = [{id: 1, state: 'failure', context: 'lint'}]; }),
		approve: meanwhile(() => review('grace', 'APPROVED')),
		'ask-changes': meanwhile(() => review('grace', 'CHANGES_REQUESTED')),
		'say-something': meanwhile(() => review('grace', 'COMMENTED')),
		merge: meanwhile(() => db.pulls.forEach((x) => merged(x, 'c'.repeat(40)))),
	},
	tell: () => ({mine: mine(), requested: db.pulls.map((x) => ({number: x.number, repo: x[AT], title: x.title, body: x.body,
		head: x.head.ref, state: refresh(x).merged_at ? 'merged' : x.state})),
		issues: db.issues.length, children: db.issues.filter((i) => i.parent).length,
		comments: db.comments.map((c) => c.body), labels: db.issues.flatMap((i) => i.labels.map((l) => l.name)),
		pulls: db.pulls.map((x) => x.body), states: db.issues.map((i) => i.state_reason ?? i.state),
		used: used.size}),
});
