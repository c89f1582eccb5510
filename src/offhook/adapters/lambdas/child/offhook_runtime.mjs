// Our Lambda runtime client for Node.js 18 and newer, started as
// `node offhook_runtime.mjs TASK_ROOT HANDLER CLIENT MAJOR [DEBUG_PORT]`.
//
// CLIENT is `auto` (the aws-lambda-ric in the function's node_modules, where there is one that loads; else ours) or
// `own`. Ours does what a handler and its caller can see of AWS's: which file is loaded and how, the context, the three
// ways to answer, what counts as an answer when nothing is left to do, the names and texts of errors, the form of log
// lines. A streamed response is collected and sent as one. Not here: the JSON log format, SnapStart, X-Ray.
//
// Callbacks ended with nodejs24.x, and from there on what a plain function returns is its answer; before, it was
// ignored. MAJOR is the version that was asked for, as in 20. Where it is 0, both ways are open: a handler that takes no
// callback may return its answer.
//
// Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, nodejs-handler.html, nodejs-context.html,
// configuration-response-streaming.html; behaviour of aws-lambda-ric 3 and 4 (read 2026-11).

import fs from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const ROOT = '/2018-06-01/runtime';
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const LEVELS = { trace: 'TRACE', debug: 'DEBUG', info: 'INFO', log: 'INFO', warn: 'WARN', error: 'ERROR', fatal: 'FATAL' };
const NODE_MAJOR = Number(process.versions.node.split('.')[0]);
const OLDEST = 18;
const LAST_WITH_CALLBACKS = 22;
const FIRST_WITH_TYPESCRIPT = 24;
const NO_CALLBACKS =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
const NEVER_SETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise ' +
  'that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

// An error that the runtime reports under a name of its own.
function fault(name, message, stack) {
  const error = new Error(message);
  Object.defineProperty(error, 'name', { value: `Runtime.${name}` });
  error.stack = stack ?? `${error.name}: ${message}`;
  return error;
}

// The lines of an error's stack, without ours.
function stackOf(error) {
  return error.stack.split('\n').filter((line) => !line.includes(import.meta.url));
}

// --- the Runtime API ---

// One connection, one request at a time. While a handler runs, it does not keep the process alive, so that Node tells
// when nothing is left to do.
class Api {
  #socket;
  #pieces = [];
  #size = 0;
  #needed = 0;
  #answered;

  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.#socket = net.connect(Number(address.slice(colon + 1)), address.slice(0, colon));
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (piece) => this.#receive(piece));
    this.#socket.on('error', () => process.exit(1));
    this.#socket.on('close', () => process.exit(1));
  }

  next() {
    return this.#call(`GET ${ROOT}/invocation/next HTTP/1.1\r\nHost: offhook\r\n\r\n`);
  }

  post(where, body, extra = '') {
    const head =
      `POST ${ROOT}/${where} HTTP/1.1\r\nHost: offhook\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${extra}\r\n`;
    return this.#call(typeof body === 'string' ? head + body : Buffer.concat([Buffer.from(head), body]));
  }

  async #call(request) {
    this.#socket.ref();
    const answer = new Promise((resolve) => {
      this.#answered = resolve;
    });
    this.#socket.write(request);
    const { headers, body } = await answer;
    this.#socket.unref();
    return { headers, body };
  }

  #receive(piece) {
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size < this.#needed) return;
    const data = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    this.#pieces = [data];
    const end = data.indexOf('\r\n\r\n');
    if (end < 0) return;
    const headers = parseHeaders(data.latin1Slice(0, end));
    this.#needed = end + 4 + Number(headers['content-length']);
    if (this.#size < this.#needed) return;
    const body = data.utf8Slice(end + 4, this.#needed);
    this.#pieces = [];
    this.#size = this.#needed = 0;
    this.#answered({ headers, body });
  }
}

function parseHeaders(head) {
  const headers = {};
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}

// --- the log ---

let requestId;

function patchConsole() {
  for (const [method, level] of Object.entries(LEVELS)) {
    console[method] = (...words) => {
      process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...words)}\n`);
    };
  }
}

function logError(title, problem) {
  let shown;
  try {
    const error = problem instanceof Error ? problem : new Error(problem);
    shown = JSON.stringify(error, (_, value) => (value instanceof Error ? withDetails(value) : value));
  } catch {
    shown = JSON.stringify(reported(problem));
  }
  console.error(title, `\t${shown}`);
}

// What was written may still be on its way to a full pipe, and belongs to the invocation.
async function writeOut() {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength) await new Promise((resolve) => stream.write('', resolve));
  }
}

function withDetails(error) {
  const details = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  return typeof error.stack === 'string' ? { ...details, stack: stackOf(error) } : details;
}

// Lambda's error object.
function reported(error) {
  try {
    const looksLikeOne = ['name', 'message', 'stack'].every((key) => error?.[key] && typeof error[key] === 'string');
    if (util.types.isNativeError(error) || looksLikeOne) {
      return { errorType: error.name, errorMessage: error.message, trace: stackOf(error) };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
  } catch {
    const problem = 'callback called with Error argument, but there was a problem while retrieving one or more of its';
    return { errorType: 'handled', errorMessage: `${problem} message, name, and stack` };
  }
}

// --- finding the handler ---

async function findHandler(taskRoot, handler) {
  if (handler.includes('..')) {
    const rule = 'Use absolute paths when specifying root directories in handler names.';
    throw fault('MalformedHandlerName', `'${handler}' is not a valid handler name. ${rule}`);
  }
  const file = path.basename(handler);
  const folder = handler.slice(0, handler.indexOf(file));
  const dot = file.indexOf('.');
  if (dot < 0) throw fault('MalformedHandlerName', 'Bad handler');
  let module;
  try {
    module = await load(taskRoot, folder, file.slice(0, dot));
  } catch (error) {
    if (error instanceof SyntaxError) throw fault('UserCodeSyntaxError', String(error), error.stack);
    if (error?.code === 'MODULE_NOT_FOUND') throw fault('ImportModuleError', String(error), error.stack);
    throw error;
  }
  const names = file.slice(dot + 1).split('.');
  const found = names.reduce((object, name) => object && object[name], module);
  if (!found) throw fault('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') throw fault('HandlerNotFound', `${handler} is not a function`);
  return found;
}

async function load(taskRoot, folder, name) {
  const require = createRequire(path.join(taskRoot, 'offhook.js'));
  const base = path.resolve(taskRoot, folder, name);
  const isModule = inModulePackage(path.dirname(base));
  const endings = ['', '.js', '.mjs', '.cjs', ...(NODE_MAJOR >= FIRST_WITH_TYPESCRIPT ? ['.ts', '.mts', '.cts'] : [])];
  for (const ending of endings) {
    const file = base + ending;
    if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    const isImported = ['.mjs', '.mts'].includes(ending) || (isModule && ['.js', '.ts'].includes(ending));
    return isImported ? import(pathToFileURL(file)) : require(file);
  }
  return require(require.resolve(name, { paths: [taskRoot, path.resolve(taskRoot, folder)] }));
}

// Whether the package.json in this folder, or the nearest above it, says that .js files are ES modules.
function inModulePackage(folder) {
  if (path.basename(folder) === 'node_modules') return false;
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, 'utf8')).type === 'module';
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const above = path.dirname(folder);
  return above !== folder && inModulePackage(above);
}

function provideStreaming() {
  const streamifyResponse = (handler) => Object.assign(handler, { [STREAMING]: 'response' });
  const from = (stream, prelude) => {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    stream.write(JSON.stringify(prelude));
    stream.write(new Uint8Array(8)); // what parts the prelude from the body
    return stream;
  };
  globalThis.awslambda = { streamifyResponse, HttpResponseStream: { from } };
}

// --- invocations ---

let whenIdle; // what to do when nothing is left to do
let whenLost; // what to do with an error that nobody caught

function context(headers) {
  const variables = process.env;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const parsed = (name) => (headers[name] === undefined ? undefined : JSON.parse(headers[name]));
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: variables.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: variables.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: variables.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: variables.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: variables.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed('lambda-runtime-client-context'),
    identity: parsed('lambda-runtime-cognito-identity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// What a handler answers: `settle` is given the text of its result, or an error.
function invoke(handler, event, given, { major, settle }) {
  let isOver = false;
  const once = (end) => (...values) => {
    if (isOver) return;
    end(...values);
    isOver = true;
  };
  const fail = (error) => settle({ error: error ?? 'handled' });
  const answer = (result) => {
    let body;
    try {
      body = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch {
      throw new Error('Unable to stringify response body');
    }
    settle({ body });
  };
  const done = (error, result) => (error === undefined || error === null ? answer(result) : fail(error));
  const callback = once((error, result) => {
    if ((error !== undefined && error !== null) || !given.callbackWaitsForEmptyEventLoop) done(error, result);
    else whenIdle = () => done(null, result);
  });
  given.succeed = once((result) => answer(result));
  given.fail = once(fail);
  given.done = once(done);

  const isAsync = handler.constructor?.name === 'AsyncFunction';
  whenIdle = isAsync ? () => fail(fault('NodeJsExit', NEVER_SETTLED)) : () => answer(null);
  try {
    const result = handler(event, given, callback);
    if (typeof result?.then === 'function') result.then(given.succeed, given.fail).catch(given.fail);
    else if (major > LAST_WITH_CALLBACKS) given.succeed(result);
    else if (major === 0 && handler.length < 3 && isJson(result)) given.succeed(result);
  } catch (error) {
    callback(error);
  }
}

// What setTimeout returns is not, and a short handler may well end with it.
function isJson(value) {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

// The same for a handler that streams: everything that it wrote is its answer.
async function invokeStreaming(handler, event, given, { settle }) {
  const pieces = [];
  const stream = new Writable({
    write(piece, encoding, written) {
      pieces.push(piece);
      written();
    },
  });
  stream.setContentType = () => {};
  const finished = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
  finished.catch(() => {}); // where the handler itself fails, nobody asks
  whenIdle = () => settle({ error: 'Response stream is not finished.' });
  try {
    const result = handler(event, stream, given);
    if (typeof result?.then !== 'function') throw 'Streaming does not support non-async handlers.';
    if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
    await finished;
    settle({ body: Buffer.concat(pieces) });
  } catch (error) {
    settle({ error });
  }
}

async function serve(api, handler, major) {
  const isStreaming = handler[STREAMING] === 'response';
  if (major > LAST_WITH_CALLBACKS && handler.length > 2 && !isStreaming) {
    throw fault('CallbackHandlerDeprecated', NO_CALLBACKS);
  }
  for (;;) {
    const { headers, body } = await api.next();
    const given = context(headers);
    requestId = given.awsRequestId;
    let status = 0;
    const outcome = await new Promise((settle) => {
      whenLost = (error, exitStatus) => {
        status = exitStatus;
        settle({ error });
      };
      const run = isStreaming ? invokeStreaming : invoke;
      run(handler, JSON.parse(body), given, { major, settle });
    });
    whenIdle = undefined;
    if ('error' in outcome && !status) logError('Invoke Error', outcome.error);
    await writeOut();
    const where = `invocation/${encodeURIComponent(requestId)}`;
    if ('error' in outcome) await api.post(`${where}/error`, JSON.stringify(reported(outcome.error)));
    else await api.post(`${where}/response`, outcome.body);
    if (status) process.exit(status);
    whenLost = (_, exitStatus) => process.exit(exitStatus);
  }
}

// --- starting ---

function watchForLostErrors(api) {
  whenLost = (error, status) => failStart(api, error, status);
  process.on('uncaughtException', (error) => {
    logError('Uncaught Exception', error);
    whenLost(error, 129);
  });
  process.on('unhandledRejection', (reason) => {
    const error = fault('UnhandledPromiseRejection', String(reason), reason?.stack);
    logError('Unhandled Promise Rejection', error);
    whenLost(error, 128);
  });
  process.on('beforeExit', () => whenIdle?.());
}

async function failStart(api, error, status) {
  const body = reported(error);
  const type = body.errorType.replace(/[^\x20-\x7e]/g, '');
  await api.post('init/error', JSON.stringify(body), `Lambda-Runtime-Function-Error-Type: ${type}\r\n`);
  process.exit(status);
}

// The command of the function's own aws-lambda-ric; none where its native half was not built, or for another machine.
function theirClient(taskRoot) {
  for (let folder = taskRoot, last = ''; folder !== last; last = folder, folder = path.dirname(folder)) {
    const home = path.join(folder, 'node_modules', 'aws-lambda-ric');
    if (!fs.existsSync(path.join(home, 'package.json'))) continue;
    const { bin } = JSON.parse(fs.readFileSync(path.join(home, 'package.json'), 'utf8'));
    const command = typeof bin === 'string' ? bin : bin?.['aws-lambda-ric'];
    return command && nativeHalfLoads(home) ? path.join(home, command) : undefined;
  }
  return undefined;
}

function nativeHalfLoads(home) {
  if (!fs.existsSync(path.join(home, 'binding.gyp'))) return true;
  const require = createRequire(path.join(home, 'offhook.js'));
  for (const folder of ['dist', 'build/Release'].map((name) => path.join(home, name))) {
    for (const file of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
      try {
        if (file.endsWith('.node') && require(path.join(folder, file))) return true;
      } catch {
        // built for another machine, or for another version of Node
      }
    }
  }
  return false;
}

async function main(taskRoot, handler, client, major, debugPort) {
  if (fs.existsSync(taskRoot)) process.chdir(taskRoot);
  process.env.AWS_EXECUTION_ENV = `AWS_Lambda_nodejs${Number(major) || NODE_MAJOR}.x`;
  const theirs = client === 'auto' ? theirClient(taskRoot) : undefined;
  if (debugPort) (await import('node:inspector')).open(Number(debugPort), '127.0.0.1', true);
  if (theirs) {
    process.argv = [process.argv[0], theirs, handler];
    await import(pathToFileURL(theirs));
    return;
  }
  const api = new Api(process.env.AWS_LAMBDA_RUNTIME_API);
  patchConsole();
  watchForLostErrors(api);
  if (NODE_MAJOR < OLDEST) {
    const found = `this is Node.js ${process.versions.node}`;
    await failStart(api, fault('InvalidEntrypoint', `functions need Node.js ${OLDEST} or newer, and ${found}.`), 1);
  }
  provideStreaming();
  try {
    await serve(api, await findHandler(taskRoot, handler), Number(major));
  } catch (error) {
    logError('Uncaught Exception', error);
    await failStart(api, error, 129);
  }
}

main(...process.argv.slice(2));
