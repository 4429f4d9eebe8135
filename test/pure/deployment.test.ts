/** The files that deploy Halyard: they can be read, name what exists, and give no right that is not needed. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { options, variableOf } from '#server/config/options.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const variables = new Set(options.map(({ flag }) => variableOf(flag)))
/** The variables of Halyard that a text names. */
const named = (text: string) => [...new Set(text.match(/\bHALYARD_[A-Z0-9_]+/g))].filter((name) => !variables.has(name))

const FILES = ['Dockerfile', 'compose.yaml', 'compose.postgres.yaml', 'deploy/kubernetes.yaml', 'deploy/halyard.service']

for (const file of FILES) test(`${file} names only variables that there are`, () => assert.deepEqual(named(read(file)), []))

describe('the image', () => {
  const lines = read('Dockerfile').replaceAll('\\\n', ' ').split('\n')
  const instructions = lines.filter((line) => /^[A-Z]+ /.test(line)).map((line) => line.split(' '))

  test('copies only files of the clone that the build context has', () => {
    const context = read('.dockerignore')
      .match(/^!.*$/gm)
      ?.map((line) => line.slice(1))
    const copied = instructions
      .filter(([name, first]) => name === 'COPY' && !first?.startsWith('--from'))
      .flatMap(([, ...words]) => words.slice(0, -1))
    for (const file of copied) assert.ok(existsSync(join(root, file)) && context?.includes(file), file)
  })

  test('builds from what it copies', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'halyard-image-'))
    t.after(() => rmSync(folder, { recursive: true }))
    for (const [name, first, ...words] of instructions) {
      if (name !== 'COPY' || first?.startsWith('--from')) continue
      for (const file of [first!, ...words].slice(0, -1)) cpSync(join(root, file), join(folder, file), { recursive: true })
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    execFileSync(process.execPath, [join(folder, 'scripts/build.ts')], { cwd: folder })
    for (const file of ['server/main.js', 'contents/process.js', 'testing/index.cjs', 'testing/index.d.ts']) {
      assert.ok(existsSync(join(folder, 'dist', file)), file)
    }
  })

  test('runs as a user without rights, on the major version of Node that the package brings', () => {
    assert.deepEqual(instructions.filter(([name]) => name === 'USER').at(-1), ['USER', 'node'])
    const [major] = JSON.parse(read('package.json')).dependencies.node.match(/\d+/)
    for (const [name, image] of instructions) if (name === 'FROM') assert.match(`${image}`, new RegExp(`^node:${major}-`))
  })

  test('has everything that the package has', () => {
    const wanted: string[] = JSON.parse(read('package.json')).files
    const final = read('Dockerfile').slice(read('Dockerfile').lastIndexOf('FROM '))
    for (const file of wanted) assert.ok(final.includes(`/halyard/${file} `), file)
  })
})

test('the services of compose write to their volumes alone', () => {
  const { services, volumes } = parse(read('compose.yaml'))
  const { halyard } = services
  assert.deepEqual([halyard.read_only, halyard.cap_drop, Object.keys(volumes)], [true, ['ALL'], ['data']])
  assert.deepEqual(halyard.volumes, ['data:/data'])
  const more = parse(read('compose.postgres.yaml'))
  assert.deepEqual(Object.keys(more.services.halyard.depends_on), ['database'])
  assert.match(more.services.halyard.environment.HALYARD_DATABASE_URL, /@database\/halyard$/)
})

test('the containers of Kubernetes run without rights, and take all settings from the secret', () => {
  const { items } = parse(read('deploy/kubernetes.yaml'))
  const ofKind = (kind: string) => items.filter((one: { kind: string }) => one.kind === kind)
  for (const { metadata, spec } of ofKind('Deployment')) {
    const { containers, initContainers = [], securityContext } = spec.template.spec
    assert.equal(securityContext.runAsNonRoot, true, metadata.name)
    for (const one of [...containers, ...initContainers]) {
      assert.equal(one.securityContext.readOnlyRootFilesystem, true)
      assert.deepEqual(one.envFrom, [{ secretRef: { name: ofKind('Secret')[0].metadata.name } }])
    }
    assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels)
  }
  const server = ofKind('Deployment')[0].spec.template.metadata.labels
  assert.deepEqual(ofKind('Service')[0].spec.selector, server)
})

const isMissing = spawnSync('systemd-analyze', ['--version']).error !== undefined

test('the unit of systemd is valid, and exposes little', { skip: isMissing && 'systemd is not installed' }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'halyard-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const unit = join(folder, 'halyard.service')
  writeFileSync(unit, read('deploy/halyard.service').replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true'))
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  const said = execFileSync('systemd-analyze', ['security', '--offline=true', unit], { encoding: 'utf8' })
  const [, exposure] = /exposure level for halyard\.service: ([\d.]+)/.exec(said) ?? []
  assert.ok(Number(exposure) < 2, `exposure ${exposure}`)
})
