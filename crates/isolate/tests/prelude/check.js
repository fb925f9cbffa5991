var failed = [];
var count = 0;
function check(name, condition) {
  count++;
  if (!condition) failed.push(name);
}
function throws(name, action, pattern) {
  count++;
  try {
    action();
    failed.push(`${name}: it throws nothing`);
  } catch (error) {
    if (!pattern.test(`${error.name}: ${error.message}`)) failed.push(`${name}: ${error.name}: ${error.message}`);
  }
}
