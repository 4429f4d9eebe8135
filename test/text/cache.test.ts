/** The cache of rendered texts keeps what is used and stays within its size. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { textCache } from '#text/cache.ts'

describe('the cache of texts', () => {
  test('gives back what was stored', () => {
    const cache = textCache(100)
    cache.set('a', 'A')
    assert.equal(cache.get('a'), 'A')
    assert.equal(cache.get('b'), undefined)
    assert.equal(cache.size(), 2)
  })

  test('holds the empty text as well', () => {
    const cache = textCache(100)
    cache.set('', '')
    assert.equal(cache.get(''), '')
  })

  test('a text stored again replaces the former value', () => {
    const cache = textCache(100)
    cache.set('a', 'A')
    cache.set('a', 'longer')
    assert.equal(cache.get('a'), 'longer')
    assert.equal(cache.size(), 7)
  })

  test('forgets the least recently used when it is full', () => {
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

  test('never holds more characters than allowed, however they are spread', () => {
    const cache = textCache(1000)
    for (let i = 0; i < 500; i++) {
      cache.set(`${i}`, 'x'.repeat((i * 37) % 120))
      assert.ok(cache.size() <= 1000)
    }
  })

  test('does not give up all others for one large text', () => {
    const cache = textCache(80)
    cache.set('a', 'A')
    cache.set('b', 'x'.repeat(10))
    assert.equal(cache.get('b'), undefined)
    assert.equal(cache.get('a'), 'A')
  })
})
