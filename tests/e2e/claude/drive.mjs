// Runs the real Claude Code exactly as the claude adapter would (its argv, environment and
// input lines, from claude_lines), against stub.mjs, in git worktrees, as a normal user with
// a HOME of its own; and looks at what git says afterwards.
//
//   node drive.mjs CLAUDE CLAUDE_LINES [SCENARIO...]
//
// Prints one line per scenario; exit 0 when all pass.  DIVISI_TEST_KEEP=1 keeps what failed.

import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

const [given, lines, ...wanted] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const LIMIT_MS = 300_000;
const MIDDLE_WORDS = 15;

// Claude refuses to bypass permissions for root, so root steps down to nobody.
const user = process.getuid() === 0 ? { uid: 65534, gid: 65534 } : {};
const top = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'divisi-claude-')));
const home = path.join(top, 'home');
const repo = path.join(top, 'repo');
const env = { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', TERM: 'dumb' };
const children = new Set();
const middles = new Map(); // working directory -> called when its slow answer is well begun
let claude = given;

function git(dir, ...args) {
  return execFileSync('git', ['-C', dir, ...args], { env, encoding: 'utf8', ...user }).trim();
}

// A build tree below a private directory is out of a normal user's reach: then a copy is used.
function makeReachable() {
  fs.chmodSync(top, 0o755);
  try {
    execFileSync('test', ['-x', given], { ...user });
  } catch {
    claude = path.join(top, 'claude');
    fs.copyFileSync(given, claude, fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(claude, 0o755);
  }
}

function makeRepository() {
  for (const dir of [home, repo, path.join(top, 'tmp')]) fs.mkdirSync(dir);
  fs.writeFileSync(path.join(home, '.gitconfig'), '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n');
  fs.writeFileSync(path.join(repo, 'README'), 'a repository for a test\n');
  if (user.uid) execFileSync('chown', ['-R', `${user.uid}:${user.gid}`, top]);
  git(repo, 'init', '-q');
  git(repo, 'add', '-A');
  git(repo, 'commit', '-q', '-m', 'begin');
}

function makeWorktree(name) {
  const dir = path.join(top, name);
  git(repo, 'worktree', 'add', '-q', '-b', `claude/${name}`, dir);
  return dir;
}

function expect(holds, what) {
  if (!holds) throw new Error(what);
}

// What the adapter says: { arg: [...], env: {...}, send: [...] }
function launchLines(mode, how, id, name, prompt) {
  const out = execFileSync(lines, ['launch', mode, how, id, name, path.join(top, 'tmp'), '500'], { input: prompt, encoding: 'utf8' });
  const launch = { arg: [], env: {}, send: [] };
  for (const line of out.split('\n').filter(Boolean)) {
    const [kind, ...rest] = line.split('\t');
    const value = rest.join('\t');
    if (kind === 'env') launch.env[value.slice(0, value.indexOf('='))] = value.slice(value.indexOf('=') + 1);
    else launch[kind].push(value);
  }
  return launch;
}

// One run of the client.  onAsk(event) gives [decision, text].
class Run {
  constructor(port, { mode, how = 'new', id, name, prompt, cwd, onAsk = () => ['allow'] }) {
    const launch = launchLines(mode, how, id, name, prompt);
    this.events = [];
    this.onAsk = onAsk;
    this.child = spawn(claude, launch.arg.slice(1), {
      cwd, ...user, stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...env, ...launch.env, ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}`, ANTHROPIC_API_KEY: 'dummy',
        DISABLE_TELEMETRY: '1', DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    });
    children.add(this.child);
    this.child.stdin.on('error', () => {}); // it may be killed while we write
    this.stderr = '';
    this.child.stderr.on('data', (data) => { this.stderr += data; });
    this.parser = spawn(lines, ['events'], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.add(this.parser);
    this.child.stdout.pipe(this.parser.stdin);
    for (const line of launch.send) this.send(line);
    readline.createInterface({ input: this.parser.stdout }).on('line', (line) => this.handle(JSON.parse(line)));
    this.ended = Promise.all([
      new Promise((resolve) => this.child.on('close', resolve)),
      new Promise((resolve) => this.parser.on('close', resolve)),
    ]).then(() => { children.delete(this.child); children.delete(this.parser); });
  }

  send(line) { this.child.stdin.write(line + '\n'); }

  handle(event) {
    this.events.push(event);
    if (event.kind === 'ask') {
      const [decision, text] = this.onAsk(event, this.all('ask').length);
      const args = text === undefined ? ['answer', decision] : ['answer', decision, text];
      this.send(execFileSync(lines, args, { input: event.raw, encoding: 'utf8' }).trim());
    }
    if (event.kind === 'done' || event.kind === 'failed') this.child.stdin.end();
  }

  interrupt() { this.send(execFileSync(lines, ['interrupt', 'interrupt-1'], { encoding: 'utf8' }).trim()); }
  all(kind) { return this.events.filter((event) => event.kind === kind); }
  count(kind) { return this.all(kind).length; }
  show() { return this.events.map((e) => `${e.kind} ${e.text ?? ''}`).join('\n  ') + this.stderr; }
}

// The model is in the middle of its slow answer to the client that works in DIR.
const inTheMiddle = (dir) => new Promise((resolve) => middles.set(dir, resolve));

function onWord({ cwd, words }) {
  if (words === MIDDLE_WORDS) middles.get(cwd)?.();
}

const uuid = () => crypto.randomUUID();
const commits = (dir) => git(dir, 'log', '--format=%s', 'main..HEAD').split('\n').filter(Boolean);
const isClean = (dir) => git(dir, 'status', '--porcelain') === '';

const scenarios = {
  async bypass(port, cwd) {
    const id = uuid();
    const run = new Run(port, { mode: 'bypass', id, name: 'T-1: write two files', cwd,
      prompt: "Reply with 'Session started' before beginning work.\n- stub:write=a.txt:hello\n- stub:write=src/b.txt:one\\ntwo\n- stub:commit=add two files" });
    await run.ended;
    expect(run.count('done') === 1 && run.count('failed') === 0, run.show());
    expect(run.count('confirmed') >= 1 && run.all('accepted')[0].id === id, 'not confirmed under our id');
    expect(run.count('ask') === 0, 'asked in bypass mode');
    expect(run.all('usage').at(-1)?.cents > 0, 'no cost in the usage');
    expect(commits(cwd).join() === 'add two files' && isClean(cwd), 'no commit');
    expect(fs.readFileSync(path.join(cwd, 'src/b.txt'), 'utf8') === 'one\ntwo\n', 'wrong file');
  },

  async plan(port, cwd) {
    const run = new Run(port, { mode: 'plan', id: uuid(), name: 'T-2: plan', cwd,
      prompt: 'stub:plan=first the file, then the commit\nstub:write=p.txt:planned' });
    await run.ended;
    const [plan, ...others] = run.all('ask');
    expect(run.count('done') === 1, run.show());
    expect(plan.ask === 'plan', run.show());
    const shown = plan.detail ?? run.all('say').map((say) => say.text).join('\n');
    expect(shown.includes('first the file, then the commit'), `the plan is not shown: ${run.show()}`);
    expect(others.length === 2 && others.every((ask) => ask.ask === 'permission'), run.show());
    expect(commits(cwd).length === 1 && isClean(cwd), 'no commit');
  },

  async 'plan-revised'(port, cwd) {
    const run = new Run(port, { mode: 'plan', id: uuid(), name: 'T-3: plan again', cwd,
      prompt: 'stub:write=p.txt:planned',
      onAsk: (event, n) => (n === 1 ? ['deny', 'smaller steps'] : ['allow-session']) });
    await run.ended;
    const asks = run.all('ask');
    expect(run.count('done') === 1, run.show());
    expect(asks[0].ask === 'plan' && asks[1].ask === 'plan', run.show());
    expect(asks[1].detail?.includes('revised'), `the second plan is not shown: ${run.show()}`);
    expect(!asks.some((ask) => ask.text.startsWith('Write')), `asked for an edit after allow-session: ${run.show()}`);
    expect(run.all('done')[0].text.includes('1 permission was denied'), 'the denial is not told');
    expect(commits(cwd).length === 1 && isClean(cwd), 'no commit');
    expect(!fs.existsSync(path.join(repo, '.claude')), 'permissions were left in the repository');
  },

  async ask(port, cwd) {
    const run = new Run(port, { mode: 'ask', id: uuid(), name: 'T-4: ask', cwd,
      prompt: 'stub:bash=touch forbidden.txt\nstub:write=w.txt:allowed\nstub:commit=without the other',
      onAsk: (event) => (event.text.includes('forbidden') ? ['deny', 'not that'] : ['allow']) });
    await run.ended;
    expect(run.count('done') === 1, run.show());
    expect(run.all('done')[0].text.includes('1 permission was denied: Bash'), run.show());
    // Also when an earlier session of this repository was given more (allow-session above).
    expect(run.count('ask') === 3, `not asked each time: ${run.show()}`);
    expect(run.all('ask')[0].detail.includes('command: touch forbidden.txt'), 'the command is not shown');
    expect(!fs.existsSync(path.join(cwd, 'forbidden.txt')), 'the denied command ran');
    expect(commits(cwd).join() === 'without the other' && isClean(cwd), 'no commit');
  },

  async question(port, cwd) {
    const run = new Run(port, { mode: 'bypass', id: uuid(), name: 'T-5: question', cwd,
      prompt: 'stub:question=Which colour?|Red|Blue\nstub:write=colour.txt:{answer}', onAsk: () => ['allow', '2'] });
    await run.ended;
    expect(run.count('ask') === 1 && run.all('ask')[0].ask === 'question', run.show());
    expect(run.all('ask')[0].detail.includes('2. Blue'), 'the options are not shown');
    expect(fs.readFileSync(path.join(cwd, 'colour.txt'), 'utf8') === 'Blue\n', 'the answer did not arrive');
  },

  async 'kill-resume'(port, cwd) {
    const id = uuid();
    const prompt = 'stub:write=early.txt:before\nstub:slow=600\nstub:write=late.txt:after\nstub:commit=both';
    const first = new Run(port, { mode: 'bypass', id, name: 'T-6: killed', prompt, cwd });
    // The stream is slow after the first tool.
    inTheMiddle(cwd).then(() => first.child.kill('SIGKILL'));
    await first.ended;
    expect(first.count('done') === 0 && first.count('failed') === 0, `ended by itself: ${first.show()}`);
    expect(first.count('tool') === 1 && first.all('tool')[0].text.startsWith('Write: '), `the tool is not told: ${first.show()}`);
    expect(first.count('tool-worked') === 1 && first.all('tool-worked')[0].id === first.all('tool')[0].id, first.show());
    expect(commits(cwd).length === 0 && !fs.existsSync(path.join(cwd, 'late.txt')), 'not killed in the middle');
    const second = new Run(port, { mode: 'bypass', how: 'resume', id, name: 'T-6: killed', prompt: 'Go on where you were.', cwd });
    await second.ended;
    expect(second.count('done') === 1, second.show());
    expect(second.all('accepted')[0].id === id, 'resumed under another id');
    expect(commits(cwd).join() === 'both' && isClean(cwd), 'no commit');
  },

  // Killed before the model has said a whole sentence.
  async 'kill-early'(port, cwd) {
    const id = uuid();
    const first = new Run(port, { mode: 'ask', id, name: 'T-10: killed early', prompt: 'stub:slow=600\nstub:write=late.txt:after', cwd });
    inTheMiddle(cwd).then(() => first.child.kill('SIGKILL'));
    await first.ended;
    expect(first.count('confirmed') === 0, `not early: ${first.show()}`);
    const second = new Run(port, { mode: 'ask', how: 'resume', id, name: 'T-10: killed early', prompt: 'Go on where you were.', cwd });
    await second.ended;
    expect(second.count('confirmed') === 1 && second.count('ask') === 2 && second.count('done') === 1, second.show());
    expect(commits(cwd).length === 1 && isClean(cwd), 'no commit');
  },

  async interrupt(port, cwd) {
    const run = new Run(port, { mode: 'bypass', id: uuid(), name: 'T-7: interrupt', cwd, prompt: 'stub:slow=600' });
    inTheMiddle(cwd).then(() => run.interrupt());
    await run.ended;
    expect(run.count('done') === 0 && run.count('failed') === 1, run.show());
    expect(run.all('failed')[0].text.includes('aborted'), run.show());
  },

  async 'rate-limit'(port, cwd) {
    const run = new Run(port, { mode: 'bypass', id: uuid(), name: 'T-8: limit', cwd, prompt: 'stub:fail=429' });
    await run.ended;
    expect(run.count('limit') >= 2 && run.count('failed') === 1 && run.count('done') === 0, run.show());
    expect(run.all('failed')[0].text.includes('429'), run.show());
  },

  async 'id-reuse'(port, cwd) {
    const id = uuid();
    const request = { mode: 'bypass', id, name: 'T-9: twice', cwd, prompt: 'stub:say=hello' };
    await new Run(port, request).ended;
    const again = new Run(port, request);
    await again.ended;
    expect(again.count('accepted') === 0 && again.count('done') === 0, 'the same session was started twice');
    expect(again.stderr.includes('already in use'), again.show());
  },
};

async function main() {
  makeReachable();
  makeRepository();
  const stub = spawn(process.execPath, [path.join(here, 'stub.mjs'), '--log', path.join(top, 'stub.log')], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  stub.on('message', onWord);
  children.add(stub);
  const port = await new Promise((resolve) => stub.stdout.once('data', (data) => resolve(Number(data))));
  const limit = setTimeout(() => { console.log('not ok within the time limit'); finish(1); }, LIMIT_MS);
  let failed = 0;
  for (const name of wanted.length ? wanted : Object.keys(scenarios)) {
    const began = Date.now();
    try {
      await scenarios[name](port, makeWorktree(name));
      console.log(`ok ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed++;
      console.log(`not ok ${name}: ${error.message}`);
    }
  }
  clearTimeout(limit);
  finish(failed ? 1 : 0);
}

function finish(status) {
  for (const child of children) child.kill('SIGKILL');
  if (status && process.env.DIVISI_TEST_KEEP) console.log(`kept: ${top}`);
  else fs.rmSync(top, { recursive: true, force: true, maxRetries: 5 });
  process.exit(status);
}

main().catch((error) => { console.log(`not ok to begin: ${String(error.stack).replaceAll('\n', ' ')}`); finish(1); });
