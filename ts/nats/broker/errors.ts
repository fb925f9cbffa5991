// The errors of a connection to the broker.
import { WorkerError } from '../../index.js';

/** The first connection failed. */
export function notConnected(addresses: string, cause: unknown): WorkerError {
  if (isRefusal(cause)) return notAuthorized(addresses, cause);
  const text = `cannot connect to the NATS server at ${addresses}: ${String(cause)}. ${advice(cause)}`;
  return new WorkerError('ERR_DRIVER_FAILED', text, { cause });
}

/** The connection has ended, and the client library has given it up. */
export function lost(addresses: string, cause: Error): WorkerError {
  if (isRefusal(cause)) return notAuthorized(addresses, cause);
  const text = `the connection to the NATS server at ${addresses} has ended: ${String(cause)}. Check that it runs there.`;
  return new WorkerError('ERR_DRIVER_FAILED', text, { cause });
}

/** The broker does not let this side use a subject. */
export function refusal(operation: string, subject: string): WorkerError {
  const verb = operation === 'publish' ? 'publish to' : 'subscribe to';
  return new WorkerError(
    'ERR_NOT_AUTHORIZED',
    `the NATS server does not let this user ${verb} "${subject}". Give the user this permission: docs/distributed.md lists what ` +
      'hosts and serving processes need.',
  );
}

/** The refusal that an error of the client library reports, if it reports one. */
export function refusalIn(error: unknown): WorkerError | undefined {
  for (let each = error as Refused | undefined; each instanceof Error; each = each.cause as Refused | undefined) {
    if (each.name === 'PermissionViolationError') return refusal(each.operation ?? 'publish', each.subject ?? '');
  }
  return undefined;
}

type Refused = Error & { readonly operation?: string; readonly subject?: string };

function notAuthorized(addresses: string, cause: unknown): WorkerError {
  return new WorkerError(
    'ERR_NOT_AUTHORIZED',
    `the NATS server at ${addresses} refuses the credentials: ${(cause as Error).message}. Check \`user\` and \`pass\`, \`token\` or ` +
      '`authenticator` of the option `connection`, and the users of the server.',
    { cause },
  );
}

function isRefusal(error: unknown): boolean {
  return ['AuthorizationError', 'UserAuthenticationExpiredError'].includes((error as Error | undefined)?.name ?? '');
}

function advice(cause: unknown): string {
  if (concernsTls(cause)) {
    return 'Check `tls` of the option `connection`: which authority signs the certificate of the server, and whether it has TLS.';
  }
  // The client library does not tell why a server has ended a connection before it answered.
  if ((cause as Error | undefined)?.name === 'TimeoutError') {
    return 'Check that it runs there, and `tls` of the option `connection`, if it demands a certificate of its clients.';
  }
  return 'Check that it runs there.';
}

function concernsTls(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return /TLS|SSL|CERT|SIGNATURE|ISSUER/i.test(`${String(code)} ${String(message)}`);
}
