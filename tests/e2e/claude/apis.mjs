// The other model APIs on top of the stub's own (Anthropic Messages): OpenAI Responses, which
// Codex speaks, OpenAI Chat Completions (OpenCode, Copilot) and the Gemini API.  A request is
// read into the shape of the first, the answer is written in the shape of the asker; what is
// done is decided in one place, stub.mjs.

import crypto from 'node:crypto';

const id = (prefix) => prefix + crypto.randomBytes(12).toString('hex');
const quote = (s) => `'${s.replaceAll("'", `'\\''`)}'`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
};

// ---- tools: what each client calls those of the stub

const NATIVE = {
  Bash: {
    bash: ({ command, description }) => ({ command, description }),
    exec_command: ({ command }) => ({ cmd: command }),
    run_shell_command: ({ command, description }) => ({ command, description }),
    shell_command: ({ command }) => ({ command }),
    shell: ({ command }) => ({ command: ['bash', '-lc', command] }),
  },
  Write: {
    write_file: ({ file_path, content }) => ({ file_path, content }),
    write: ({ file_path, content }) => ({ filePath: file_path, content }),
    create: ({ file_path, content }) => ({ path: file_path, file_text: content }),
  },
};

// The tool that does what TOOL means, among those that the client has; NULL when none does.
export function nativeTool(tool, names) {
  const known = NATIVE[tool.name] ?? {};
  const name = names.find((one) => known[one]);
  if (name) return { ...tool, name, input: known[name](tool.input) };
  if (tool.name.startsWith('mcp__')) {
    // Each client puts the names of a server and of its tool together in its own way.
    const [, server, verb] = tool.name.split('__');
    const found = names.find((one) => one?.includes(server) && one.endsWith(verb));
    return found ? { ...tool, name: found } : null;
  }
  if (tool.name !== 'Write') return null;
  const { file_path, content } = tool.input;
  const command = `mkdir -p "$(dirname ${quote(file_path)})" && printf '%s' ${quote(content)} > ${quote(file_path)}`;
  return nativeTool({ ...tool, name: 'Bash', input: { command, description: 'Write a file' } }, names);
}

// What clients say instead of the result of a tool that a person did not allow.
const DECLINED = /reject|declin|denied|not permitted|cancel+ed|not allowed|refused/i;

const toolUse = (callId, name, input) => ({ type: 'tool_use', id: callId, name, input });
const toolResult = (callId, content) => ({
  type: 'tool_result', tool_use_id: callId, content, is_error: DECLINED.test(content.slice(0, 400)),
});
const textBlock = (text) => ({ type: 'text', text });
const partsText = (content) =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('\n');

// Clients put words of their own around a person's: directories, instructions, dates.
const isEnvironment = (text) => !/stub:|Session started/.test(text) && /^\s*(<|#|This is the|\[)/.test(text);
const userMessage = (text) => (isEnvironment(text) ? null : { role: 'user', content: [textBlock(text)] });

// ---- OpenAI Responses

function readResponses(body) {
  const items = Array.isArray(body.input) ? body.input : [{ role: 'user', content: String(body.input ?? '') }];
  const messages = items.map((item) => {
    if (item.type === 'function_call')
      return { role: 'assistant', content: [toolUse(item.call_id, item.name, json(item.arguments))] };
    if (item.type === 'function_call_output')
      return { role: 'user', content: [toolResult(item.call_id, partsText(item.output))] };
    if (item.role === 'assistant') return { role: 'assistant', content: [textBlock(partsText(item.content))] };
    return item.role === 'user' ? userMessage(partsText(item.content)) : null;
  });
  // The tools of a server are given in a space of names.
  const tools = (body.tools ?? []).flatMap((tool) => (tool.type === 'namespace' ? tool.tools.map((one) => ({ ...one, name: `${tool.name}/${one.name}` })) : [tool]));
  return { system: JSON.stringify(items), messages, tools };
}

function writeResponses(body, message) {
  const [text, call] = message.content;
  const words = { type: 'output_text', text: text.text, annotations: [] };
  const said = { type: 'message', id: id('msg_'), role: 'assistant', status: 'completed', content: [words] };
  const output = [said];
  const [, space, name] = /^(?:(.*)\/)?(.*)$/.exec(call?.name ?? '');
  if (call)
    output.push({
      type: 'function_call', id: id('fc_'), call_id: call.id, ...(space ? { namespace: space } : {}), name,
      arguments: JSON.stringify(call.input), status: 'completed',
    });
  const { input_tokens: read, output_tokens: written } = message.usage;
  const usage = {
    input_tokens: read, input_tokens_details: { cached_tokens: 0 }, output_tokens: written,
    output_tokens_details: { reasoning_tokens: 0 }, total_tokens: read + written,
  };
  const whole = { id: id('resp_'), object: 'response', created_at: 1, status: 'completed', model: body.model, output, usage };
  const begun = { ...whole, status: 'in_progress', output: [], usage: null };
  return {
    whole,
    head: [
      { type: 'response.created', response: begun },
      { type: 'response.output_item.added', output_index: 0, item: { ...said, status: 'in_progress', content: [] } },
      { type: 'response.content_part.added', item_id: said.id, output_index: 0, content_index: 0, part: { ...words, text: '' } },
    ],
    word: (delta) => ({ type: 'response.output_text.delta', item_id: said.id, output_index: 0, content_index: 0, delta }),
    tail: [
      { type: 'response.output_text.done', item_id: said.id, output_index: 0, content_index: 0, text: text.text },
      ...output.map((item, output_index) => ({ type: 'response.output_item.done', output_index, item })),
      { type: 'response.completed', response: whole },
    ],
    isNamed: true,
  };
}

// ---- OpenAI Chat Completions

function readChat(body) {
  const messages = body.messages.map((item) => {
    if (item.role === 'tool') return { role: 'user', content: [toolResult(item.tool_call_id, partsText(item.content))] };
    if (item.role === 'assistant') {
      const calls = (item.tool_calls ?? []).map((call) => toolUse(call.id, call.function.name, json(call.function.arguments)));
      return { role: 'assistant', content: [textBlock(partsText(item.content)), ...calls] };
    }
    return item.role === 'user' ? userMessage(partsText(item.content)) : null;
  });
  return {
    system: JSON.stringify(body.messages.slice(0, 3)), messages,
    tools: (body.tools ?? []).map((tool) => tool.function ?? tool),
  };
}

function writeChat(body, message) {
  const [text, call] = message.content;
  const { input_tokens: read, output_tokens: written } = message.usage;
  const usage = { prompt_tokens: read, completion_tokens: written, total_tokens: read + written };
  const base = { id: id('chatcmpl-'), created: 1, model: body.model };
  const chunk = (delta, finish = null) => ({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] });
  const calls = call && [{ index: 0, id: call.id, type: 'function', function: { name: call.name, arguments: JSON.stringify(call.input) } }];
  const finish = call ? 'tool_calls' : 'stop';
  return {
    whole: {
      ...base, object: 'chat.completion', usage,
      choices: [{ index: 0, message: { role: 'assistant', content: text.text, tool_calls: calls }, finish_reason: finish }],
    },
    head: [chunk({ role: 'assistant', content: '' })],
    word: (content) => chunk({ content }),
    tail: [
      ...(calls ? [chunk({ tool_calls: calls })] : []), chunk({}, finish),
      { ...base, object: 'chat.completion.chunk', choices: [], usage }, '[DONE]',
    ],
  };
}

// ---- Gemini

// It names no calls to its model: the n-th of a conversation is that of the n-th action, see
// nameCalls().  A resumed conversation has some results twice, so that a result is that of its
// call: by its id where it has one, else the next of its name that has none, else the last.
function readGemini(body) {
  const calls = []; // { name, id, isAnswered }
  const numberOf = ({ name, id }) => {
    const fits = (call) => (id && call.id ? call.id === id : call.name === name);
    const waiting = calls.findIndex((call) => fits(call) && !call.isAnswered);
    return waiting >= 0 ? waiting : calls.findLastIndex(fits);
  };
  const messages = (body.contents ?? []).map(({ role, parts = [] }) => {
    const content = parts.map((part) => {
      if (part.functionCall) {
        calls.push({ name: part.functionCall.name, id: part.functionCall.id, isAnswered: false });
        return toolUse(`#${calls.length - 1}`, part.functionCall.name, part.functionCall.args);
      }
      if (part.functionResponse) {
        const n = numberOf(part.functionResponse);
        if (n >= 0) calls[n].isAnswered = true;
        return toolResult(`#${n}`, JSON.stringify(part.functionResponse.response ?? ''));
      }
      return textBlock(part.text ?? '');
    });
    if (role === 'model') return { role: 'assistant', content };
    // A call that was interrupted has no result: the person's next words stand there.
    calls.forEach((call, n) => {
      if (call.isAnswered) return;
      call.isAnswered = true;
      content.unshift(toolResult(`#${n}`, 'interrupted'));
    });
    if (content.some((block) => block.type === 'tool_result')) return { role: 'user', content };
    return userMessage(content.map((block) => block.text).join('\n'));
  });
  return {
    system: JSON.stringify(body.systemInstruction ?? '') + JSON.stringify((body.contents ?? []).slice(0, 2)), messages,
    tools: (body.tools ?? []).flatMap((tool) => tool.functionDeclarations ?? []),
  };
}

function writeGemini(body, message) {
  const [text, call] = message.content;
  const { input_tokens: read, output_tokens: written } = message.usage;
  const usageMetadata = { promptTokenCount: read, candidatesTokenCount: written, totalTokenCount: read + written };
  const reply = (parts, isLast) => ({
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(isLast ? { finishReason: 'STOP' } : {}) }],
    usageMetadata, modelVersion: 'stub', responseId: 'stub',
  });
  const calls = call ? [{ functionCall: { name: call.name, args: call.input } }] : [];
  return {
    whole: reply([{ text: text.text }, ...calls], true),
    head: [],
    word: (words) => reply([{ text: words }], false),
    tail: [reply(calls.length ? calls : [{ text: ' ' }], true)],
  };
}

// ---- all of them

const APIS = [
  { name: 'responses', path: /\/responses$/, read: readResponses, write: writeResponses, streams: (body) => body.stream },
  { name: 'chat', path: /\/chat\/completions$/, read: readChat, write: writeChat, streams: (body) => body.stream },
  { name: 'gemini', path: /enerateContent$/, read: readGemini, write: writeGemini, streams: (body, path) => path.includes(':stream') },
];

// The API of PATH, or undefined.
export const apiOf = (path) => APIS.find((api) => api.path.test(path));

// BODY in the shape of the Messages API.
export function readBody(api, body) {
  const read = api.read(body);
  return { ...read, messages: read.messages.filter(Boolean), model: body.model ?? 'stub', api: api.name };
}

// Gives the numbered calls of MESSAGES the names of the ACTIONS that made them.
export function nameCalls(messages, actions) {
  const names = actions.filter((action) => !['say', 'slow'].includes(action.kind)).map((action) => `toolu_${action.name}_x`);
  for (const message of messages)
    for (const block of message.content) {
      const key = block.type === 'tool_use' ? 'id' : 'tool_use_id';
      if (block[key]?.startsWith('#')) block[key] = names[Number(block[key].slice(1))] ?? block[key];
    }
}

// Answers with MESSAGE, a word every WORD_MS when that is given.
export async function writeAnswer(api, res, path, body, message, wordMs) {
  const answer = api.write(body, message);
  if (!api.streams(body, path)) {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify(answer.whole));
    return;
  }
  let number = 0;
  const send = (event) => {
    const data = typeof event === 'string' ? event : JSON.stringify(answer.isNamed ? { ...event, sequence_number: number++ } : event);
    res.write(`${answer.isNamed ? `event: ${event.type}\n` : ''}data: ${data}\n\n`);
  };
  res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  answer.head.forEach(send);
  const text = message.content[0].text;
  for (const word of wordMs ? text.match(/\S+\s*/g) : [text]) {
    send(answer.word(word));
    if (wordMs) await pause(wordMs);
    if (res.destroyed) return;
  }
  answer.tail.forEach(send);
  res.end();
}
