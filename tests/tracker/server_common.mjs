// What the test servers of the trackers share: listening, and failing on order.
//
// POST /control {"fault": NAME, "n": COUNT, "skip": COUNT} makes COUNT requests fail, after
// SKIP that do not; "only" names a method, and others are none of them.  "lost" faults take effect and
// lose the answer, "mute" ones take effect and never answer.  GET /control tells how many requests
// came, and what the server was asked to remember.

import http from 'node:http';
import zlib from 'node:zlib';

const LARGE = 9 << 20;

const later = {
	drop: (q, r) => r.destroy(),
	slow: () => {},
	'429': (q, r) => say(r, 429, {message: 'slow down'}, {'retry-after': '7'}),
	// Its clock is ten minutes ahead of ours; it means five seconds.
	skewed: (q, r) => say(r, 429, {message: 'slow down'}, {date: new Date(Date.now() + 600000).toUTCString(),
		'retry-after': new Date(Date.now() + 605000).toUTCString()}),
	'401': (q, r) => say(r, 401, {message: `bad credentials ${q.headers.authorization}`}),
	'500': (q, r) => say(r, 500, {message: 'out of order'}),
	html: (q, r) => say(r, 200, '<html>a proxy says hello</html>'),
	truncated: (q, r) => {
		r.writeHead(200, {'content-type': 'application/json', 'content-length': '5000'});
		r.write('{"data": {');
		setTimeout(() => r.destroy(), 20);
	},
	huge: (q, r) => say(r, 200, `{"data": "${'x'.repeat(LARGE)}"}`),
	bomb: (q, r) => say(r, 200, zlib.gzipSync(Buffer.alloc(LARGE)), {'content-encoding': 'gzip'}),
	deep: (q, r) => say(r, 200, '['.repeat(100000)),
	redirect: (q, r) => {
		r.writeHead(302, {location: 'http://127.0.0.1:9/elsewhere'});
		r.end();
	},
};

export function say(r, status, body, headers = {}) {
	const raw = typeof body === 'string' || Buffer.isBuffer(body);
	const bytes = Buffer.from(raw ? body : JSON.stringify(body));
	r.writeHead(status, {'content-type': 'application/json', 'content-length': bytes.length,
		...headers});
	r.end(bytes);
}

function read(q) {
	return new Promise((done) => {
		const parts = [];
		q.on('data', (p) => parts.push(p));
		q.on('end', () => done(Buffer.concat(parts).toString('utf8')));
	});
}

// Serves until told to stop, and prints the port.  HANDLE(q, r, body) answers a request;
// FAULTS are more of them; TELL() is what GET /control adds; RESET() begins anew; OBEY(order)
// does what else a POST to it asks for.
export function serve({handle, faults = {}, tell = () => ({}), reset = () => {},
	obey = () => {}}) {
	const all = {...later, ...faults};
	let fault = null, n = 0, skip = 0, only = null, requests = 0;
	const server = http.createServer(async (q, r) => {
		const body = await read(q);
		if (q.url === '/control' && q.method === 'GET')
			return say(r, 200, {requests, ...tell()});
		if (q.url === '/control') {
			const order = JSON.parse(body);
			if (order.reset) {
				reset(order);
				requests = 0;
			}
			obey(order);
			({fault = null, n = 0, skip = 0, only = null} = order);
			return say(r, 200, {});
		}
		requests++;
		const meant = fault && (!only || q.method === only);
		if (meant && skip > 0) {
			skip--;
		} else if (meant && n > 0) {
			n--;
			if (fault === 'lost' || fault === 'mute') {
				const dead = {writeHead() {}, end() {}, write() {}};
				const is_lost = fault === 'lost';
				await handle(q, dead, body);
				return is_lost ? r.destroy() : undefined;
			}
			return all[fault](q, r, body);
		}
		try {
			await handle(q, r, body);
		} catch (e) {
			console.error(e);
			say(r, 500, {message: String(e)});
		}
	});
	server.listen(0, '127.0.0.1', () => console.log(server.address().port));
	process.stdin.resume();
	process.stdin.on('end', () => process.exit(0));
}
