// Does what the event says, good or bad: the same as chaos.py, as far as Node.js can.
'use strict';

const { spawn } = require('node:child_process');
const net = require('node:net');

const DO = {
  answers: async (event) => event,
  raises: async () => {
    throw new TypeError('on purpose');
  },
  exits: async () => process.exit(3),
  is_killed: async () => {
    process.kill(process.pid, 'SIGKILL');
    await new Promise(() => setInterval(() => {}, 1000));
  },
  hangs: async (event) => {
    process.on('SIGTERM', () => {});
    while (event.n % 2);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  },
  floods: async (event) => {
    for (let count = 0; count < 10; count += 1) process.stdout.write('x'.repeat(1_048_575) + '\n');
    return event;
  },
  answers_too_much: async () => 'a'.repeat(7_000_000),
  sends_junk: async (event) => {
    const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
    const socket = net.connect(Number(port), host);
    socket.end('hello\r\n\r\n');
    await new Promise((resolve) => socket.on('close', resolve).on('error', resolve).resume());
    return event;
  },
  leaves_a_child: async (event) => {
    spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    return event;
  },
};

exports.handler = async (event) => DO[event.do](event);
