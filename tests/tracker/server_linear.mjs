// A tracker that speaks Linear's GraphQL: the published schema, executed by graphql-js on a
// store in memory.
//
//   server_linear.mjs PACKAGES         prints its port, ends when its input ends

import {createRequire} from 'node:module';
import crypto from 'node:crypto';
import path from 'node:path';
import {linear_schema_text} from './schema_linear.mjs';
import {say, serve} from './server_common.mjs';

const packages = path.resolve(process.argv[2]);
const {buildSchema, parse, validate, execute, visit, GraphQLError} =
	createRequire(path.join(packages, 'x.js'))('graphql');
const schema = buildSchema(linear_schema_text(path.join(packages, 'node_modules/@linear/sdk')));

export const TOKEN = 'lin_api_test_secret_token';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MAX_COMPLEXITY = 10000;

let db;

function begin() {
	db = {token: TOKEN, issues: [], comments: [], attachments: [], relations: [], labels: [], sessions: [],
		activities: [], updates: [], files: new Map(), gone: new Set(), clock: Date.UTC(2026, 0, 1), n: 0};
	db.users = [
		user('ada', 'Ada L.', false), user('grace', 'Grace H.', false), user('factory', 'Factory', true),
		{...user('left', 'Left', false), active: false},
	];
	db.projects = [{id: crypto.randomUUID(), name: 'Review gates', slugId: 'abc'}];
	db.teams = [
		team('CIA', [['Triage', 'triage'], ['Backlog', 'backlog'], ['Todo', 'unstarted'],
			['In Progress', 'started'], ['In Review', 'started'], ['Done', 'completed'],
			['Canceled', 'canceled'], ['Duplicate', 'duplicate']]),
		team('ODD', [['Someday', 'backlog'], ['Up next', 'unstarted'], ['Cooking', 'started'],
			['Code review', 'started'], ['Waiting for QA', 'started'], ['Served', 'completed'],
			['Dropped', 'canceled']]),
		team('FEW', [['Open', 'unstarted'], ['Working', 'started'], ['Closed', 'completed']]),
	];
}

function user(name, displayName, app) {
	return {id: crypto.randomUUID(), name, displayName, email: `${name}@example.invalid`, app,
		active: true, isMe: name === 'ada'};
}

function team(key, states) {
	const t = {id: crypto.randomUUID(), key, name: `Team ${key}`, issueEstimationType: 'fibonacci', n: 0};
	t.list = states.map(([name, type], position) =>
		({id: crypto.randomUUID(), name, type, position}));
	t.states = (args) => page(t.list, args);
	return t;
}

const now = () => new Date(db.clock += 1000).toISOString();

class Refusal extends Error {
	constructor(message, code = 'INPUT_ERROR') {
		super(message);
		this.extensions = {type: 'invalid input', code, userError: true,
			userPresentableMessage: message};
	}
}

function must(thing, what) {
	if (!thing)
		throw new Refusal(`Entity not found: ${what}`);
	return thing;
}

function page(list, {first = 50, after = null}) {
	if (first < 1 || first > 250)
		throw new Refusal('first must be between 1 and 250');
	const from = after === null ? 0 : Number(Buffer.from(after, 'base64').toString());
	const nodes = list.slice(from, from + first);
	const end = from + nodes.length;
	return {nodes, pageInfo: {hasNextPage: end < list.length, hasPreviousPage: from > 0,
		startCursor: null, endCursor: nodes.length ? Buffer.from(String(end)).toString('base64') : null}};
}

const same = (a, b) => String(a).toLowerCase() === String(b).toLowerCase();
const comparators = {
	eq: (v, x) => v === x, in: (v, x) => x.includes(v), null: (v, x) => (v == null) === x,
	eqIgnoreCase: (v, x) => v != null && same(v, x),
};

// Does THING pass FILTER, as Linear's filters are meant?
function passes(thing, filter) {
	return Object.entries(filter).every(([key, wanted]) => {
		if (key === 'and')
			return wanted.every((f) => passes(thing, f));
		if (key === 'or')
			return wanted.some((f) => passes(thing, f));
		if (comparators[key])
			return comparators[key](thing, wanted);
		if (wanted === null || typeof wanted !== 'object')
			throw new Error(`the test server knows no filter ${key}`);
		return passes(thing == null ? undefined : thing[key], wanted);
	});
}

const find_issue = (id) => db.issues.find((i) => i.id === id || i.identifier === id);

function new_id(id) {
	if (id !== undefined && !UUID.test(id))
		throw new Refusal('id must be a UUID');
	if (id !== undefined && db.gone.has(id))
		throw new Refusal('Entity with that id already exists');
	db.gone.add(id ?? (id = crypto.randomUUID()));
	return id;
}

// Their editor reads Markdown and writes it anew; so what comes back is not what went in.
const reformat = (text) => text?.replace(/^\* /gm, '- ').replace(/\s+$/, '');

function change(issue, input) {
	for (const key of ['priority', 'dueDate', 'cycleId'])
		if (key in input)
			db.forbidden = key;
	const t = issue.team;
	if (input.stateId !== undefined)
		issue.state = must(t.list.find((s) => s.id === input.stateId), 'WorkflowState');
	for (const key of ['assignee', 'delegate']) {
		const id = input[`${key}Id`];
		if (id === null)
			issue[key] = null;
		else if (id !== undefined)
			issue[key] = must(db.users.find((u) => u.id === id && u.app === (key === 'delegate')), 'User');
	}
	if (input.title !== undefined)
		issue.title = input.title;
	if (input.description !== undefined)
		issue.description = reformat(input.description);
	if (input.estimate !== undefined)
		issue.estimate = input.estimate;
	if (input.projectId)
		issue.project = must(db.projects.find((p) => p.id === input.projectId), 'Project');
	// "milestone" is no input of theirs: how a person puts an issue into one.
	if (input.milestone) {
		const {name, targetDate} = input.milestone;
		issue.projectMilestone = {id: crypto.randomUUID(), name, targetDate, issues: (args) =>
			page(db.issues.filter((i) => i.projectMilestone?.name === name), args)};
	}
	if (input.parentId)
		issue.parent = must(find_issue(input.parentId), 'Issue');
	const label = (id) => must(db.labels.find((l) => l.id === id), 'IssueLabel');
	if (input.labelIds)
		issue.list = input.labelIds.map(label);
	if (input.addedLabelIds)
		issue.list = [...new Set([...issue.list, ...input.addedLabelIds.map(label)])];
	if (input.removedLabelIds)
		issue.list = issue.list.filter((l) => !input.removedLabelIds.includes(l.id));
	issue.updatedAt = now();
	return issue;
}

function issueCreate({input}) {
	const t = must(db.teams.find((x) => x.id === input.teamId), 'Team');
	const id = new_id(input.id);
	const issue = {__typename: 'Issue', id, team: t, identifier: `${t.key}-${++t.n}`,
		createdAt: now(), state: t.list[0], list: [], assignee: null, delegate: null, parent: null,
		archivedAt: null};
	issue.url = `https://linear.app/test/issue/${issue.identifier}`;
	issue.labels = (args) => page(issue.list, args);
	issue.children = (args) => page(db.issues.filter((i) => i.parent === issue), args);
	issue.relations = (args) => page(db.relations.filter((r) => r.issue === issue), args);
	issue.inverseRelations = (args) => page(db.relations.filter((r) => r.relatedIssue === issue), args);
	issue.agentSessions = (args) => page(db.sessions.filter((s) => s.issue === issue), args);
	change(issue, input);
	db.issues.push(issue);
	return {success: true, lastSyncId: ++db.n, issue};
}

const root = {
	viewer: () => db.users[0],
	teams: (args) => page(db.teams.filter((t) => passes(t, args.filter ?? {})), args),
	users: (args) => page(db.users.filter((u) => passes(u, args.filter ?? {})), args),
	projects: (args) => page(db.projects.filter((p) => passes(p, args.filter ?? {})), args),
	issueLabels: (args) => page(db.labels.filter((l) => passes(l, args.filter ?? {})), args),
	issue: ({id}) => must(find_issue(id), 'Issue'),
	issues: (args) => page(db.issues.filter((i) => (args.includeArchived || !i.archivedAt) &&
		passes(i, args.filter ?? {})), args),
	comment: ({id}) => must(db.comments.find((c) => c.id === id), 'Comment'),
	attachment: ({id}) => must(db.attachments.find((a) => a.id === id), 'Attachment'),
	agentActivity: ({id}) => must(db.activities.find((a) => a.id === id), 'AgentActivity'),
	projectUpdateCreate({input}) {
		const project = must(db.projects.find((p) => p.id === input.projectId), 'Project');
		const projectUpdate = {id: new_id(input.id), body: input.body, health: input.health, project};
		db.updates.push(projectUpdate);
		return {success: true, lastSyncId: ++db.n, projectUpdate};
	},
	projectUpdateUpdate({id, input}) {
		const projectUpdate = Object.assign(must(db.updates.find((u) => u.id === id), 'ProjectUpdate'), input);
		return {success: true, lastSyncId: ++db.n, projectUpdate};
	},
	issueCreate,
	issueUpdate: ({id, input}) => ({success: true, lastSyncId: ++db.n,
		issue: change(must(find_issue(id), 'Issue'), input)}),
	issueLabelCreate({input}) {
		if (db.labels.some((l) => same(l.name, input.name)))
			throw new Refusal('Label already exists');
		const t = input.teamId ? must(db.teams.find((x) => x.id === input.teamId), 'Team') : null;
		const issueLabel = {id: new_id(input.id), name: input.name, team: t, isGroup: false, parent: null};
		db.labels.push(issueLabel);
		return {success: true, lastSyncId: ++db.n, issueLabel};
	},
	commentCreate({input}) {
		const issue = must(find_issue(input.issueId), 'Issue');
		const comment = {id: new_id(input.id), body: input.body, issue};
		db.comments.push(comment);
		return {success: true, lastSyncId: ++db.n, comment};
	},
	commentUpdate({id, input}) {
		const comment = must(db.comments.find((c) => c.id === id), 'Comment');
		comment.body = input.body;
		return {success: true, lastSyncId: ++db.n, comment};
	},
	issueRelationCreate({input}) {
		const issue = must(find_issue(input.issueId), 'Issue');
		const relatedIssue = must(find_issue(input.relatedIssueId), 'Issue');
		if (db.relations.some((r) => r.issue === issue && r.relatedIssue === relatedIssue))
			throw new Refusal('Relation already exists');
		const issueRelation = {id: new_id(input.id), type: input.type, issue, relatedIssue};
		db.relations.push(issueRelation);
		return {success: true, lastSyncId: ++db.n, issueRelation};
	},
	fileUpload({size}, {host}) {
		const name = crypto.randomUUID();
		return {success: true, lastSyncId: ++db.n, uploadFile: {uploadUrl: `http://${host}/put/${name}`,
			assetUrl: `https://uploads.linear.app/${name}`, headers: [{key: 'x-size', value: String(size)}]}};
	},
	attachmentCreate({input}) {
		const issue = must(find_issue(input.issueId), 'Issue');
		const attachment = {id: new_id(input.id), url: input.url, title: input.title, issue};
		db.attachments.push(attachment);
		return {success: true, lastSyncId: ++db.n, attachment};
	},
	agentSessionCreateOnIssue({input}) {
		const issue = must(find_issue(input.issueId), 'Issue');
		const agentSession = {id: crypto.randomUUID(), issue, status: 'active', summary: null, url: null,
			updatedAt: now(), appUser: db.users[0]};
		db.sessions.push(agentSession);
		return {success: true, lastSyncId: ++db.n, agentSession};
	},
	agentActivityCreate({input}) {
		must(db.sessions.find((s) => s.id === input.agentSessionId), 'AgentSession');
		if (!(input.content.body || input.content.action))
			throw new Refusal('content needs a body or an action');
		const agentActivity = {id: new_id(input.id), content: input.content};
		db.activities.push(agentActivity);
		return {success: true, lastSyncId: ++db.n, agentActivity};
	},
};

// As documented: a tenth per property, one per object, lists times their length.
function complexity(node, variables) {
	if (!node.selectionSet)
		return 0.1;
	const first = node.arguments?.find((a) => a.name.value === 'first')?.value;
	const times = !first ? 1 : Number(first.value ?? variables[first.name.value]);
	return times * node.selectionSet.selections.reduce((sum, s) => sum + complexity(s, variables), 1);
}

const errors = (r, status, list, headers = {}) => say(r, status, {errors: list}, headers);

async function handle(q, r, body) {
	if (q.url.startsWith('/put/')) {
		if (q.headers.authorization)
			return say(r, 400, 'a token went to the store of files');
		if (Number(q.headers['x-size']) !== Buffer.byteLength(body))
			return say(r, 403, 'another size was announced');
		db.files.set(q.url.slice(5), body);
		return say(r, 200, '');
	}
	if (q.url !== '/graphql' || q.method !== 'POST')
		return say(r, 404, {message: 'no such place'});
	if (q.headers.authorization !== db.token)
		return errors(r, 401, [{message: 'Authentication required, not authenticated',
			extensions: {type: 'authentication error', code: 'AUTHENTICATION_ERROR'}}]);
	const {query, variables, operationName} = JSON.parse(body);
	const document = parse(query);
	const wrong = validate(schema, document);
	if (wrong.length)
		return errors(r, 400, wrong.map((e) => ({message: e.message, extensions: {code: 'GRAPHQL_VALIDATION_FAILED'}})));
	const cost = Math.ceil(complexity(document.definitions[0], variables));
	if (cost > MAX_COMPLEXITY)
		return errors(r, 400, [{message: `Query too complex: ${cost}`, extensions: {code: 'INPUT_ERROR'}}]);
	const contextValue = {host: q.headers.host};
	const out = await execute({schema, document, rootValue: root, contextValue,
		variableValues: variables, operationName});
	say(r, 200, out, {'x-complexity': cost, 'x-ratelimit-requests-remaining': 4999,
		'x-ratelimit-complexity-remaining': 200000 - cost});
}

const limited = (q, r) => errors(r, 400,
	[{message: 'Rate limit exceeded', extensions: {type: 'Ratelimited', code: 'RATELIMITED'}}],
	{'x-ratelimit-requests-remaining': 0, 'x-ratelimit-requests-reset': Date.now() + 5000});

begin();
serve({
	handle,
	// The issues named in "seed" are there from the start, as other people's.
	reset: ({seed = []}) => {
		begin();
		for (const identifier of seed) {
			const {issue} = issueCreate({input: {teamId: db.teams[0].id, title: `Work ${identifier}`}});
			issue.identifier = identifier;
			issue.url = `https://linear.app/test/issue/${identifier}`;
			issue.state = db.teams[0].list[2];
		}
		db.foreign = seed.length;
	},
	// "token" revokes the one before; the rest is what somebody else does to issues: "change",
	// "label" them, "block" one by another, "archive" them and "restore" them.
	// "finish" is what somebody else has done.
	obey: ({token, change: wanted = {}, label = {}, block = [], archive = [], restore = [], finish = []}) => {
		db.token = token ?? db.token;
		for (const id of finish)
			find_issue(id).state = find_issue(id).team.list.find((s) => s.type === 'completed');
		for (const [id, input] of Object.entries(wanted))
			change(must(find_issue(id), 'Issue'), input);
		for (const [id, names] of Object.entries(label))
			find_issue(id).list.push(...names.map((name) => {
				const made = db.labels.find((l) => l.name === name) ??
					{id: crypto.randomUUID(), name, team: null, isGroup: false, parent: null};
				if (!db.labels.includes(made))
					db.labels.push(made);
				return made;
			}));
		for (const [id, by] of block)
			db.relations.push({id: crypto.randomUUID(), type: 'blocks', issue: find_issue(by),
				relatedIssue: find_issue(id)});
		for (const id of archive)
			find_issue(id).archivedAt = now();
		for (const id of restore)
			find_issue(id).archivedAt = null;
	},
	faults: {
		limited,
		error200: (q, r) => errors(r, 200, [{message: 'Internal error', extensions: {code: 'INTERNAL_SERVER_ERROR'}}]),
		refused200: (q, r) => errors(r, 200, [{message: 'Argument Validation Error', extensions: {code: 'INPUT_ERROR'}}]),
		unsuccessful: (q, r) => say(r, 200, {data: {issueUpdate: {success: false}, commentCreate: {success: false}}}),
		nodata: (q, r) => say(r, 200, {data: null}),
		// What people do in Linear meanwhile.
		archive: (q, r, body) => {
			db.issues.forEach((i) => { i.archivedAt = now(); });
			return handle(q, r, body);
		},
		edit: (q, r, body) => {
			db.issues.forEach((i) => { i.title += ' (edited)'; i.updatedAt = now(); });
			return handle(q, r, body);
		},
		forget: (q, r, body) => {
			db.comments.length = 0;
			return handle(q, r, body);
		},
	},
	tell: () => ({issues: db.issues.length, mine: db.issues.slice(db.foreign ?? 0).map((i) => ({id: i.identifier,
		parent: i.parent?.identifier, title: i.title, body: i.description, state: i.state.name,
		labels: i.list.map((l) => l.name), assignee: i.assignee?.displayName ?? '',
		delegate: i.delegate?.displayName ?? ''})), links: db.relations.map((r) =>
			[r.issue.identifier, r.type, r.relatedIssue.identifier]), comments: db.comments.map((c) => c.body),
		files: [...db.files.values()], attachments: db.attachments.length, relations: db.relations.length,
		activities: db.activities.length,
		updates: db.updates.map((u) => [u.project.name, u.health, u.body]), forbidden: db.forbidden ?? null}),
});
