// Handlers for tests of functions in Node.js: each does one thing that a function may do, good or bad.
'use strict';

const { spawn } = require('node:child_process');

console.log('module scope ran');
let calls = 0;

exports.echoes = async (event) => event;

exports.describes = async (event, context) => {
  calls += 1;
  const { getRemainingTimeInMillis, succeed, fail, done, ...rest } = context;
  const functions = [getRemainingTimeInMillis, succeed, fail, done].map((each) => typeof each);
  return { ...rest, functions, calls, pid: process.pid, left: getRemainingTimeInMillis(), folder: process.cwd() };
};

exports.environment = async () => process.env;
exports.answers = async (event) => event.value;
exports.answersNothing = async () => {};
exports.answersCircle = async () => {
  const circle = {};
  circle.circle = circle;
  return circle;
};
exports.answersBig = async (event) => ({ State: 'a'.repeat(event.length) });
exports.measures = async (event) => JSON.stringify(event).length;

// Without a promise.
exports.callsBack = (event, context, callback) => callback(null, { by: 'callback' });
exports.callsBackLate = (event, context, callback) => setTimeout(() => callback(null, { by: 'callback' }), 5);
exports.callsBackAndWorksOn = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = event.waits;
  setTimeout(() => console.log('worked on'), 20);
  callback(null, {});
};
exports.callsBackTwice = (event, context, callback) => {
  callback(null, 1);
  callback(null, 2);
};
exports.callsBackAnError = (event, context, callback) => callback(new RangeError('too far'));
exports.callsBackAText = (event, context, callback) => callback('a text');
exports.neverCallsBack = (event, context, callback) => {};
exports.succeeds = (event, context) => context.succeed({ by: 'succeed' });
exports.fails = (event, context) => context.fail(new Error('by fail'));
exports.failsWithNothing = (event, context) => context.fail();
exports.doneLate = (event, context) => setTimeout(() => context.done(null, { by: 'done' }), 5);
exports.done = (event, context) => context.done(null, { by: 'done' });
exports.returns = () => ({ by: 'return' });
exports.throwsAtOnce = () => {
  throw new TypeError('at once');
};

// With a promise.
exports.throws = async () => {
  const error = new TypeError('no such state');
  error.state = 'CA';
  throw error;
};
exports.throwsText = async () => {
  throw 'a text';
};
exports.throwsSomethingOdd = async () => {
  throw Object.create(null);
};
exports.neverSettles = async () => new Promise(() => {});
exports.neverSettlesPlainly = () => new Promise(() => {});
exports.losesRejection = async () => {
  Promise.reject(new Error('nobody caught it'));
  await new Promise((resolve) => setTimeout(resolve, 1000));
};
exports.losesError = async () => {
  setTimeout(() => {
    throw new Error('nobody caught it');
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
};
exports.losesErrorLater = async (event) => {
  if (event.lose) {
    setTimeout(() => {
      throw new Error('nobody waits for it');
    }, 1);
  }
  return { pid: process.pid };
};

exports.exits = async (event) => {
  if ('status' in event) process.exit(event.status);
  if ('signal' in event) process.kill(process.pid, event.signal);
  return {};
};
exports.hangs = async (event) => {
  process.on('SIGTERM', () => {});
  while (event.hang);
  return {};
};
exports.sleeps = async (event) => {
  await new Promise((resolve) => setTimeout(resolve, event.ms));
  return {};
};
exports.grows = async () => {
  const kept = [];
  for (;;) {
    kept.push(Buffer.alloc(1024 * 1024, 1));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
exports.leavesChild = async () => ({ pid: spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).pid });

exports.writes = async () => {
  console.log('one', { two: 2 });
  console.warn('%s is %d', 'three', 3);
  console.error(new Error('four').message);
  console.debug('first line\nsecond line');
  process.stdout.write('straight to stdout\n');
  process.stderr.write('straight to stderr\n');
  return {};
};
exports.floods = async () => {
  for (let count = 0; count < 10_000; count += 1) process.stdout.write(`${'x'.repeat(1023)}\n`);
  console.log('the end');
  return {};
};

exports.nested = { deeply: { handler: async () => 'nested' } };
exports.notAFunction = 'text';

// With a response stream.
exports.streams = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType('application/json');
  stream.write('{"request":');
  await new Promise((resolve) => setTimeout(resolve, 1));
  stream.end(`"${context.awsRequestId}"}`);
});
exports.streamsWithPrelude = awslambda.streamifyResponse(async (event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  http.end('body');
});
exports.streamsAndThrows = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('some');
  throw new Error('halfway');
});
exports.streamsWithoutEnd = awslambda.streamifyResponse(async (event, stream) => {
  stream.write('some');
});
exports.streamsPlainly = awslambda.streamifyResponse((event, stream) => {
  stream.end('some');
});
