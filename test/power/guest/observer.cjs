// Tells the console which step of an update the program is at, by what it does to the disk; changes nothing.
'use strict';
const fs = require('node:fs');
const { isMainThread } = require('node:worker_threads');

const steps = [
  ['switch', /\/versions\/boot|\/versions\/configs\/|\/bootpart\/|\/satchel\/trial/],
  ['fetch', /\/satchel\/spool\//],
  ['stage', /\/satchel\/stage\/|\/satchel\/builds\/|\/versions\/pristine\//],
  ['purge', /\/satchel\/trash/],
];
let latest = '';

function look(path) {
  const text = String(path);
  for (const [step, pattern] of steps)
    if (pattern.test(text)) {
      if (step !== latest) fs.writeSync(2, `@ step ${step}\n`);
      latest = step;
      return;
    }
}

function watch(name, where) {
  const original = fs[name];
  fs[name] = function observed(...words) {
    look(words[where]);
    return original.apply(this, words);
  };
}

if (isMainThread) {
  for (const name of ['mkdirSync', 'mkdtempSync', 'writeFileSync', 'rmSync', 'unlinkSync', 'copyFileSync'])
    watch(name, 0);
  for (const name of ['renameSync', 'symlinkSync', 'linkSync']) watch(name, 1);
  const open = fs.openSync;
  fs.openSync = function observed(path, flags, ...rest) {
    if (flags !== undefined && flags !== 'r' && flags !== 0) look(path);
    return open.call(this, path, flags, ...rest);
  };
}
