/**
 * Installs the packed package in the examples, and runs their tests on the Node that is installed: the program behind
 * `npm run examples`. Packages come from the registry, as for anybody else.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { environment, npm, pack, root, temporaryFolder } from './packing.ts'

const FIVE_MINUTES = 300_000
/** Without the Node of the package that npm puts before the installed one. */
const PATH = (environment.PATH ?? '')
  .split(':')
  .filter((folder) => !folder.includes('node_modules'))
  .join(':')

const folder = temporaryFolder()
const archive = pack(folder)
for (const name of readdirSync(join(root, 'examples'))) {
  const home = join(folder, name)
  cpSync(join(root, 'examples', name), home, { recursive: true, filter: (path) => !path.includes('node_modules') })
  npm(['install', '--no-audit', '--no-fund', '--loglevel=error', '--save-dev', archive], home)
  for (const script of ['test', 'test:vitest'])
    execFileSync('npm', ['run', script], { cwd: home, env: { ...environment, PATH }, stdio: 'inherit', timeout: FIVE_MINUTES })
}
