/** Formulas of calculated values: parsed once, evaluated for every row. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compute, formulaFault, readFormula } from '#modules/custom-fields/formulas.ts'

const values: Record<number, number | null> = { 1: 6, 2: 4, 3: null }
const result = (formula: string) => compute(readFormula(formula), (field) => values[field] ?? null)

test('Multiplication binds more than addition, parentheses more than both, and operators of equal rank go from left to right', () => {
  assert.equal(result('1 + 2 * 3'), 7)
  assert.equal(result('(1 + 2) * 3'), 9)
  assert.equal(result('8 - 4 - 2'), 2)
  assert.equal(result('7 % 4 / 2'), 1.5)
  assert.equal(result('-2 * -(1 + 2)'), 6)
})

test('Fields are replaced by their values; a missing value leaves the result empty', () => {
  assert.equal(result('{{cf_1}} / {{cf_2}}'), 1.5)
  assert.equal(result('{{cf_1}} + {{cf_3}}'), null)
})

test('A division by zero is empty, and decimals are rounded as expected', () => {
  assert.equal(result('1 / 0'), null)
  assert.equal(result('0.1 + 0.2'), 0.3)
})

test('A syntax error names its position', () => {
  assert.equal(formulaFault('1 + 1'), undefined)
  assert.equal(formulaFault('1 +'), 'The formula is incomplete.')
  assert.equal(formulaFault('(1'), 'The formula is incomplete.')
  assert.match(formulaFault('1 2')!, /at "2"/)
  assert.match(formulaFault('process.exit()')!, /at "process.exit\(\)"/)
  assert.match(formulaFault('1)')!, /at "\)"/)
})
