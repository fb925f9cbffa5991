'use strict';
// JSON lines over a socket, for both ends of the `net` peer. Written as well as a careful user would: all messages of
// one turn leave in one write, and a large message that arrives in many chunks is put together once.

/** Calls `onMessage` for every line; returns the function that sends one. */
exports.jsonLines = function jsonLines(socket, onMessage) {
  let parts = [];
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      parts.push(chunk.slice(start, end));
      const line = parts.length === 1 ? parts[0] : parts.join('');
      parts = [];
      start = end + 1;
      onMessage(JSON.parse(line));
    }
    if (start < chunk.length) parts.push(chunk.slice(start));
  });

  let output = '';
  function flush() {
    socket.write(output);
    output = '';
  }
  return function send(message) {
    if (output === '') process.nextTick(flush);
    output += `${JSON.stringify(message)}\n`;
  };
};
