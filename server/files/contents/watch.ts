/** Watches the process that reads a file from a thread of its own, which nothing that is read can hold up. */
import { workerData } from 'node:worker_threads'
import { MOST_MEMORY } from './limits.ts'

const INTERVAL_MS = 25
const end = Date.now() + workerData * 1000

setInterval(() => {
  if (Date.now() > end || process.memoryUsage.rss() > MOST_MEMORY) process.kill(process.pid, 'SIGKILL')
}, INTERVAL_MS)
