/** The permission catalogue holds together: names, modules, dependencies, and the API actions derived from it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { product } from '#server/modules.ts'

const { permissions, projectModules } = product
const actions = () => product.apiActions

const byName = new Map(permissions.map((permission) => [permission.name, permission]))
const moduleNames = projectModules.map((module) => module.name)

test('no permission is listed twice', () => {
  assert.equal(byName.size, permissions.length)
})

test('every permission can be held somewhere', () => {
  assert.deepEqual(
    permissions.filter((permission) => permission.scopes.length === 0),
    [],
  )
})

test('every module that a permission or a module names exists', () => {
  const named = [...permissions.flatMap((p) => p.module ?? []), ...projectModules.flatMap((module) => module.requires)]
  assert.deepEqual(
    named.filter((name) => !moduleNames.includes(name)),
    [],
  )
})

test('modules are unique, and one that is on by default has what it requires on by default', () => {
  assert.equal(new Set(moduleNames).size, moduleNames.length)
  const on = projectModules.filter((module) => module.enabledByDefault)
  const names = on.map((module) => module.name)
  assert.deepEqual(
    on.flatMap((module) => module.requires).filter((name) => !names.includes(name)),
    [],
  )
})

test('every dependency exists, and can be held wherever the permission that needs it can', () => {
  for (const { name, scopes, dependencies = [] } of permissions) {
    for (const dependency of dependencies) {
      const needed = byName.get(dependency)
      assert.ok(needed, `${name} depends on ${dependency}`)
      assert.ok(needed.public || scopes.every((scope) => needed.scopes.includes(scope)), `${dependency} where ${name} is held`)
    }
  }
})

test('public permissions are those that every role brings', () => {
  assert.deepEqual(
    permissions
      .filter((p) => p.public)
      .map((p) => p.name)
      .sort(),
    ['search_project', 'view_messages', 'view_news', 'view_project', 'view_project_activity'],
  )
})

test('being assignable is the one thing administrators do not get by being administrators', () => {
  assert.deepEqual(
    permissions.filter((p) => p.grantToAdmin === false).map((p) => p.name),
    ['work_package_assigned'],
  )
})

test('the 84 actions are sorted, unique, and of the form resource/verb', () => {
  const ids = actions().map((action) => action.id)
  assert.equal(ids.length, 84)
  assert.deepEqual(ids, [...new Set(ids)].sort())
  assert.deepEqual(
    ids.filter((id) => !/^[a-z_]+\/[a-z_]+$/.test(id)),
    [],
  )
})

test('every action a permission names is derived, with the permission, its scopes and its module', () => {
  const derived = new Map(actions().map((action) => [action.id, action]))
  for (const { name, module, scopes, actions: ids = [] } of permissions) {
    for (const id of ids) {
      const action = derived.get(id)
      assert.ok(action, id)
      assert.ok(action.permissions.includes(name), `${id} by ${name}`)
      assert.ok(action.modules.includes(module), `${id} in ${module}`)
      assert.ok(
        scopes.every((scope) => action.scopes.includes(scope)),
        `${id} in ${scopes}`,
      )
    }
  }
})

test('an action that several permissions give is one action', () => {
  assert.deepEqual(
    actions().find((action) => action.id === 'users/read'),
    {
      id: 'users/read',
      permissions: ['create_user', 'manage_user', 'view_all_principals'],
      scopes: ['global'],
      modules: [null],
    },
  )
})
