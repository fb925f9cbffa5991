// As a native module does that has a bug.
process.kill(process.pid, 'SIGKILL');
