'use strict';

const net = require('node:net');
const { jsonLines } = require('./lines.cjs');

const socket = net.connect(process.argv[2]);
const send = jsonLines(socket, ({ id, payload }) => send({ id, payload }));
