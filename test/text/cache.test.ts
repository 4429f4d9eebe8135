/** The cache of rendered texts: eviction and limits. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { textCache } from '#text/cache.ts'

describe('the cache of texts', () => {
  test('returns stored texts', () => {
    const cache = textCache(100)
    cache.set('a', 'A')
    assert.equal(cache.get('a'), 'A')
    assert.equal(cache.get('b'), undefined)
    assert.equal(cache.size(), 2)
  })

  test('stores the empty text as well', () => {
    const cache = textCache(100)
    cache.set('', '')
    assert.equal(cache.get(''), '')
  })

  test('replaces the value of an existing text', () => {
    const cache = textCache(100)
    cache.set('a', 'A')
    cache.set('a', 'longer')
    assert.equal(cache.get('a'), 'longer')
    assert.equal(cache.size(), 7)
  })

  test('evicts the least recently used text when it is full', () => {
    const cache = textCache(20)
    for (const key of [...'abcdefghij']) cache.set(key, key)
    assert.equal(cache.size(), 20)
    cache.get('a')
    cache.set('k', 'k')
    assert.equal(cache.get('b'), undefined)
    assert.equal(cache.get('a'), 'a')
    assert.equal(cache.get('k'), 'k')
    assert.equal(cache.size(), 20)
  })

  test('never contains more characters than allowed, in any distribution', () => {
    const cache = textCache(1000)
    for (let i = 0; i < 500; i++) {
      cache.set(`${i}`, 'x'.repeat((i * 37) % 120))
      assert.ok(cache.size() <= 1000)
    }
  })

  test('does not evict all others for one large text', () => {
    const cache = textCache(80)
    cache.set('a', 'A')
    cache.set('b', 'x'.repeat(10))
    assert.equal(cache.get('b'), undefined)
    assert.equal(cache.get('a'), 'A')
  })
})
