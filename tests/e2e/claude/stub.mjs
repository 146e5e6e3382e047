// A model for tests: answers the Anthropic Messages API on loopback, and those of apis.mjs, so
// that the real agents do real work with its own tools, without an account or a network.
//
//   node stub.mjs [--port N] [--log FILE] [--bodies FILE]
//                            prints the port, then serves until it is killed
//
// Codex and the others are pointed to it by agents.sh.  Start Claude Code with ANTHROPIC_BASE_URL=http://127.0.0.1:PORT, ANTHROPIC_API_KEY=dummy,
// CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1, DISABLE_TELEMETRY=1, DISABLE_AUTOUPDATER=1.
//
// What it does is written in the prompt, in the order of these markers.  A value ends at the
// end of its line or before the next marker; "\n" in it is a line end, "{answer}" the last
// answer to a question.  Paths are relative to the working directory of the client.
//
//   stub:write=PATH:TEXT     Write tool: the file becomes TEXT and a line end
//   stub:append=PATH:TEXT    Bash tool: a line is appended
//   stub:bash=COMMAND        Bash tool
//   stub:commit=MESSAGE      Bash tool: git add -A and git commit
//   stub:tool=NAME:JSON      that tool with this input
//   stub:question=Q|A|B      AskUserQuestion with the options A and B
//   stub:say=TEXT            plain words
//   stub:slow=N              N words, ten a second; after a resume it is passed over, so a
//                            client killed in the middle can be resumed and finishes
//   stub:plan=TEXT           what the plan says (in plan mode; else a list of the actions)
//   stub:early=COMMAND       Bash tool, before it presents its plan as divisi asks for it
//   stub:nocommit            no commit at the end (default: one, if anything was written)
//   stub:silent              does not say "Session started"
//   stub:fail=STATUSxN       the first N model requests of this session fail with this HTTP
//                            status; without xN all of them
//   stub:hang                the first request is never answered
//   stub:repair=COMMAND      Bash tool, when divisi says that something does not fit
//   stub:context=TOKENSxN    the first N answers in this directory say that it holds so many
//   stub:tokens=N            each answer is said to have taken N tokens to write
//
// In plan mode the plan is written to the client's plan file and presented with ExitPlanMode
// before anything else; a declined plan is presented once more, "revised", and then given up.
// Any other action that is declined is passed over, and the work goes on without it.

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';

import { apiOf, nameCalls, nativeTool, readBody, writeAnswer } from './apis.mjs';

const MARKER = /stub:([a-z]+)(?:=(.*?))?(?=\s+stub:|\s*$)/gm;
const MAX_STEPS = 80;
const WORD_MS = 100;

const options = new Map();
for (let i = 2; i < process.argv.length; i += 2) options.set(process.argv[i], process.argv[i + 1]);

const failures = new Map(); // prompt -> requests failed so far

const id = (prefix) => prefix + crypto.randomBytes(12).toString('hex');
const shellQuote = (s) => `'${s.replaceAll("'", `'\\''`)}'`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const blocksOf = (message) =>
  Array.isArray(message.content) ? message.content : [{ type: 'text', text: String(message.content) }];

function log(entry) {
  const file = options.get('--log');
  if (file) fs.appendFileSync(file, JSON.stringify(entry) + '\n');
}

// ---- what the request says about the past

function textOf(content) {
  if (typeof content === 'string') return content;
  return Array.isArray(content) ? content.map((block) => block.text ?? '').join('\n') : '';
}

// The words of the person, without what the client puts around them.
function userTexts(messages) {
  const found = [];
  for (const message of messages) {
    if (message.role !== 'user') continue;
    for (const block of blocksOf(message)) {
      if (block.type !== 'text') continue;
      const text = block.text.replace(/<system-reminder>[^]*?<\/system-reminder>/g, '').trim();
      if (text) found.push(text);
    }
  }
  return found;
}

// Every action of ours is in the id of its tool call, so the conversation itself says how far
// it has come, also after the client was killed and resumed.
function readHistory(messages) {
  const calls = new Map(); // action name -> { tries, result, isError }
  const byId = new Map();
  let steps = 0;
  for (const message of messages) {
    for (const block of blocksOf(message)) {
      if (block.type === 'tool_use') {
        const name = /^toolu_([a-z]+\d*)_/.exec(block.id)?.[1];
        if (!name) continue;
        steps++;
        const call = calls.get(name) ?? { tries: 0 };
        call.tries++;
        call.result = undefined;
        calls.set(name, call);
        byId.set(block.id, call);
      } else if (block.type === 'tool_result' && byId.has(block.tool_use_id)) {
        const call = byId.get(block.tool_use_id);
        call.result = textOf(block.content);
        call.isError = Boolean(block.is_error);
      }
    }
  }
  const isStarted = messages.some(
    (message) => message.role === 'assistant' && textOf(blocksOf(message)).includes('Session started'));
  return { calls, steps, isStarted };
}

function readMarkers(text) {
  const actions = [];
  const flags = new Map();
  for (const [, name, raw = ''] of text.matchAll(MARKER)) {
    const value = raw.replace(/[`*\s]+$/, '').replaceAll('\\n', '\n');
    if (['plan', 'nocommit', 'silent', 'fail', 'hang', 'slow', 'tokens', 'context', 'repair', 'early'].includes(name)) flags.set(name, value);
    if (['write', 'append', 'bash', 'commit', 'tool', 'question', 'say', 'slow'].includes(name))
      actions.push({ name: `a${actions.length}`, kind: name, value });
  }
  if (flags.has('repair') && text.includes('do not fit'))
    actions.push({ name: `a${actions.length}`, kind: 'bash', value: flags.get('repair') });
  const isWriting = actions.some((action) => ['write', 'append'].includes(action.kind));
  const isCommitting = actions.some((action) => action.kind === 'commit');
  if (isWriting && !isCommitting && !flags.has('nocommit'))
    actions.push({ name: `a${actions.length}`, kind: 'commit', value: 'stub: do the work' });
  return { actions, flags };
}

function readRequest(body) {
  const whole = JSON.stringify(body.system ?? '') + JSON.stringify(body.messages);
  const said = userTexts(body.messages);
  const cwd = /(?:[Ww]orking directory: |<cwd>|Workspace Directories:\**\\+n\s*- )([^\s"\\<]+)/.exec(whole)?.[1] ?? '';
  const planFile = /([^\s"\\]+\/plans\/[^\s"\\]+\.md)/.exec(whole)?.[1] ?? '';
  const isResumed = said.length > 1;
  return {
    tools: (body.tools ?? []).map((tool) => tool.name),
    cwd, planFile, isResumed,
    isPlanMode: whole.includes('Plan mode is active') || Boolean(planFile),
    prompt: said[0] ?? '', said,
    ...readMarkers(said.join('\n')),
    ...readHistory(body.messages),
  };
}

// ---- what to do next: { text, slow, tool: { name, input, as } }

const use = (as, name, input) => ({ as, name, input });

function toolFor(action, state, answer) {
  const value = action.value.replaceAll('{answer}', answer);
  const [path, ...rest] = value.split(':');
  const absolute = `${state.cwd}/${path}`;
  const bash = (command, description) => use(action.name, 'Bash', { command, description });
  switch (action.kind) {
    case 'write':
      return use(action.name, 'Write', { file_path: absolute, content: rest.join(':') + '\n' });
    case 'append':
      return bash(`printf '%s\\n' ${shellQuote(rest.join(':'))} >> ${shellQuote(path)}`, 'Append a line');
    case 'commit':
      return bash(`git add -A && git commit -q -m ${shellQuote(value)}`, 'Commit the work');
    case 'bash':
      return bash(value, 'Run a command');
    case 'tool':
      return use(action.name, path, JSON.parse(rest.join(':')));
    case 'question': {
      const [question, ...labels] = value.split('|');
      return use(action.name, 'AskUserQuestion', { questions: [{
        question, header: 'Choice', multiSelect: false,
        options: labels.map((label) => ({ label, description: `take ${label}` })),
      }] });
    }
    default:
      return null;
  }
}

// Under divisi's own words for it a plan is presented by ending the turn.
function nextOfPlanTurn(state) {
  const last = state.said.findLast((text) => /Plan mode: present|Your plan is (approved|declined)/.test(text)) ?? '';
  if (!last || last.includes('Your plan is approved')) return null;
  if (state.flags.has('early') && !state.calls.has('early'))
    return { text: 'I try first.', tool: use('early', 'Bash', { command: state.flags.get('early'), description: 'Try' }) };
  return { text: `# Plan${last.includes('declined') ? ' (revised)' : ''}\n\n${state.flags.get('plan') || 'the work'}` };
}

function nextOfPlan(state) {
  // Approved in divisi's own words: the client has left its plan mode by itself.
  const word = state.said.findLast((text) => /Your plan is (approved|declined)/.test(text)) ?? '';
  if (word.includes('approved')) return null;
  const done = (name) => state.calls.get(name)?.result !== undefined;
  const exit = state.calls.get('exit');
  if (!state.isPlanMode || (exit && done('exit') && !exit.isError)) return null;
  if (exit && exit.tries >= 2) return { text: 'The plan was declined twice; nothing was done.' };
  const listed = state.actions.map((action, i) => `${i + 1}. ${action.kind} ${action.value}`).join('\n');
  const plan = `# Plan${exit ? ' (revised)' : ''}\n\n${state.flags.get('plan') || listed}\n`;
  if (!state.tools.includes('ExitPlanMode') && state.tools.includes('ToolSearch') && !done('search'))
    return { text: 'I look for the tool that presents a plan.', tool: use('search', 'ToolSearch', { query: 'select:ExitPlanMode' }) };
  const written = state.calls.get('planfile');
  if (state.planFile && (written?.tries ?? 0) < (exit ? 2 : 1))
    return { text: 'I write the plan.', tool: use('planfile', 'Write', { file_path: state.planFile, content: plan }) };
  return { text: 'This is my plan.', tool: use('exit', 'ExitPlanMode', { plan }) };
}

// The answers of a person come back as: "question"="answer".
const answerIn = (result) => /"="([^"]*)"/.exec(result ?? '')?.[1] ?? 'no answer';

function nextOfActions(state) {
  let answer = 'no answer';
  const declined = [];
  const said = [];
  for (const action of state.actions) {
    const call = state.calls.get(action.name);
    if (call?.result !== undefined) {
      if (call.isError) declined.push(action.kind);
      else if (action.kind === 'question') answer = answerIn(call.result);
      said.length = 0;
      continue;
    }
    if (action.kind === 'say') {
      said.push(action.value);
    } else if (action.kind === 'slow') {
      if (!state.isResumed) return { text: words(Number(action.value) || 300), slow: WORD_MS, goesOn: true };
    } else {
      said.push(declined.length ? 'Something was declined; I go on without it.' : `I ${action.kind} now.`);
      return { text: said.join('\n'), tool: toolFor(action, state, answer) };
    }
  }
  const without = declined.length ? `, without: ${declined.join(', ')}` : '';
  return { text: [...said, `All done${without}.`].join('\n') };
}

const words = (n) => Array.from({ length: n }, (_, i) => `word${i} `).join('');

function nextStep(state) {
  if (!state.tools.length) return { text: 'ok' };
  if (state.steps > MAX_STEPS) return { text: 'Too many steps; I stop here.' };
  const step = nextOfPlanTurn(state) ?? nextOfPlan(state) ?? nextOfActions(state);
  if (!state.isStarted && !state.flags.has('silent')) step.text = `Session started\n\n${step.text}`;
  return step;
}

// ---- the wire

function messageOf(model, step) {
  const content = [{ type: 'text', text: step.text }];
  if (step.tool)
    content.push({ type: 'tool_use', id: id(`toolu_${step.tool.as}_`), name: step.tool.name, input: step.tool.input });
  return {
    id: id('msg_'), type: 'message', role: 'assistant', model, content,
    stop_reason: step.tool ? 'tool_use' : 'end_turn', stop_sequence: null,
    usage: { input_tokens: step.context ?? 1200, cache_creation_input_tokens: 100, cache_read_input_tokens: 900,
      output_tokens: step.tokens ?? 40 },
  };
}

// Tells the program that started us how much of a slow answer is said, when it listens.
function tellWords(cwd, words) {
  if (process.connected) process.send({ cwd, words });
}

async function stream(res, message, wordMs, cwd) {
  const send = (type, data) => res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send('message_start', { message: { ...message, content: [], stop_reason: null } });
  for (const [index, block] of message.content.entries()) {
    if (block.type === 'text') {
      send('content_block_start', { index, content_block: { type: 'text', text: '' } });
      for (const [n, text] of (wordMs ? block.text.match(/\S+\s*/g) : [block.text]).entries()) {
        send('content_block_delta', { index, delta: { type: 'text_delta', text } });
        if (wordMs) tellWords(cwd, n + 1);
        if (wordMs) await pause(wordMs);
        if (res.destroyed) return;
      }
    } else {
      send('content_block_start', { index, content_block: { ...block, input: {} } });
      send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(block.input) } });
    }
    send('content_block_stop', { index });
  }
  send('message_delta', { delta: { stop_reason: message.stop_reason, stop_sequence: null }, usage: message.usage });
  send('message_stop', {});
  res.end();
}

function sendJson(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

// True when this request was made to fail.
function failed(res, state) {
  const [, status, times] = /^(\d+)(?:x(\d+))?$/.exec(state.flags.get('fail') ?? '') ?? [];
  const soFar = failures.get(state.prompt) ?? 0;
  if (!status || (times && soFar >= Number(times))) return false;
  failures.set(state.prompt, soFar + 1);
  sendJson(res, Number(status), { type: 'error', error: { type: 'stub_error', message: `the stub was told to fail with ${status}` } });
  return true;
}

const held = new Map(); // directory -> answers that told of a full context

function contextOf(state) {
  const [, tokens, times] = /^(\d+)x(\d+)$/.exec(state.flags.get('context') ?? '') ?? [];
  const soFar = held.get(state.cwd) ?? 0;
  if (!tokens || !state.tools.length || soFar >= Number(times)) return undefined;
  held.set(state.cwd, soFar + 1);
  return Number(tokens);
}

async function answer(res, path, asked) {
  const api = apiOf(path);
  const body = api ? readBody(api, asked) : asked;
  if (api) nameCalls(body.messages, readMarkers(userTexts(body.messages).join('\n')).actions);
  const dump = options.get('--bodies');
  if (dump) fs.appendFileSync(dump, JSON.stringify(asked) + '\n');
  const state = readRequest(body);
  if (state.flags.has('hang') && !state.isResumed) return;
  if (failed(res, state)) return;
  const step = nextStep(state);
  if (state.flags.has('tokens')) step.tokens = Number(state.flags.get('tokens'));
  step.context = contextOf(state);
  const told = [...state.calls.values()].at(-1)?.result?.slice(0, 300);
  log({ cwd: state.cwd, told, tool: step.tool?.name ?? null, slow: Boolean(step.slow), text: step.text.slice(0, 200), steps: state.steps });
  if (api && step.tool) {
    const wanted = step.tool.name;
    step.tool = nativeTool(step.tool, state.tools) ?? undefined;
    if (!step.tool) log({ cwd: state.cwd, missing: wanted, tools: state.tools });
  }
  const message = messageOf(body.model, step);
  if (api) await writeAnswer(api, res, path, asked, message, step.slow);
  else if (body.stream) await stream(res, message, step.slow, state.cwd);
  else sendJson(res, 200, message);
}

const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', async () => {
    const path = req.url.split('?')[0];
    try {
      if (req.method === 'POST' && (path.endsWith('/v1/messages') || apiOf(path)))
        await answer(res, path, JSON.parse(Buffer.concat(parts)));
      else if (path.endsWith(':countTokens')) sendJson(res, 200, { totalTokens: 1200 });
      else if (path.endsWith('/models')) sendJson(res, 200, { object: 'list', data: [{ id: 'stub-model', object: 'model' }], models: [] });
      else if (path.endsWith('/count_tokens')) sendJson(res, 200, { input_tokens: 1200 });
      else sendJson(res, 404, { type: 'error', error: { type: 'not_found_error', message: 'the stub has no such path' } });
    } catch (error) {
      log({ error: String(error.stack) });
      if (!res.headersSent) sendJson(res, 500, { type: 'error', error: { type: 'api_error', message: String(error) } });
      else res.destroy();
    }
  });
});
server.listen(Number(options.get('--port') ?? 0), '127.0.0.1', () => console.log(server.address().port));
