/** The benchmark: each of its cases is explained, and none varies a case that is not there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { cases } from '../../bench/cases.ts'
import { shapeNames } from '../../bench/shapes.ts'

/** The shapes of each case in the table of the page. */
const explained = new Map(
  readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => {
      const [, names, , shapes] = line.split('|') as [string, string, string, string]
      return [...names.matchAll(/`(.+?)`/g)].map(([, name]) => [name as string, shapes.trim()] as const)
    }),
)

test('docs/performance.md explains every case, with the shapes in which it is measured', () => {
  for (const { name, aims } of cases) {
    assert.equal(
      explained.get(name),
      shapeNames
        .toSorted()
        .filter((shape) => aims[shape])
        .join(', '),
      name,
    )
  }
})

test('a variation has the shapes of the case that it varies', () => {
  for (const { name, aims, against } of cases) {
    const varied = against && cases.find((one) => one.name === against.case)
    if (against)
      assert.deepEqual(
        Object.keys(aims),
        Object.keys(varied?.aims ?? {}).filter((shape) => shape in aims),
        name,
      )
  }
})
