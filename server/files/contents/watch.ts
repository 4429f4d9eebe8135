/** Watches the extraction process from a thread of its own, which no file can block. */
import { workerData } from 'node:worker_threads'
import { MOST_MEMORY, PATIENCE } from './limits.ts'

const INTERVAL_MS = 25
const end = Date.now() + PATIENCE * workerData * 1000

setInterval(() => {
  const { user, system } = process.cpuUsage()
  const isTooLong = user + system > workerData * 1e6 || Date.now() > end
  if (isTooLong || process.memoryUsage.rss() > MOST_MEMORY) process.kill(process.pid, 'SIGKILL')
}, INTERVAL_MS)
