// SPDX-License-Identifier: Apache-2.0
// What the process says of itself, read from getrusage and /proc.
'use strict';
const fs = require('fs');

// One number of /proc/self/status: KB, or threads.
function status(key) {
  const found = fs.readFileSync('/proc/self/status', 'utf8').match(
    new RegExp(`^${key}:\\s+(\\d+)`, 'm'));
  return found ? Number(found[1]) : 0;
}

function ownSockets() {
  const found = new Set();
  for (const name of fs.readdirSync('/proc/self/fd')) {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${name}`);
      if (target.startsWith('socket:[')) found.add(target.slice(8, -1));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error; // closed since it was listed
    }
  }
  return found;
}

// Established connections of this process to that port.
function connections(port) {
  const mine = ownSockets();
  const suffix = ':' + port.toString(16).toUpperCase().padStart(4, '0');
  const ours = part => part.length > 9 && part[2].endsWith(suffix) && part[3] === '01' &&
    mine.has(part[9]);
  const files = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].filter(name => fs.existsSync(name));
  return files.flatMap(name => fs.readFileSync(name, 'utf8').split('\n'))
    .filter(line => ours(line.trim().split(/\s+/))).length;
}

function report(port) {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1e6, hwm_kb: status('VmHWM'), rss_kb: status('VmRSS'),
    threads: status('Threads'), conns: connections(port) };
}

module.exports = { report };
