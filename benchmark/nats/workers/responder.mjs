// Answers as a worker does: it decodes what it receives, and encodes what it answers.
import { connect } from '@nats-io/transport-node';

const [servers] = process.argv.slice(2);
const connection = await connect({ servers });
connection.subscribe('bare', {
  callback: (_, message) => message.respond(JSON.stringify(message.json())),
});
await connection.flush();
console.log('ready');
