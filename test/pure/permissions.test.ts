/** The permission catalogue: consistent names, modules, dependencies, and derived API actions. */

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

test('every permission has a scope', () => {
  assert.deepEqual(
    permissions.filter((permission) => permission.scopes.length === 0),
    [],
  )
})

test('every referenced module exists', () => {
  const named = [...permissions.flatMap((p) => p.module ?? []), ...projectModules.flatMap((module) => module.requires)]
  assert.deepEqual(
    named.filter((name) => !moduleNames.includes(name)),
    [],
  )
})

test('modules are unique, and one that is enabled by default has its dependencies enabled by default', () => {
  assert.equal(new Set(moduleNames).size, moduleNames.length)
  const on = projectModules.filter((module) => module.enabledByDefault)
  const names = on.map((module) => module.name)
  assert.deepEqual(
    on.flatMap((module) => module.requires).filter((name) => !names.includes(name)),
    [],
  )
})

test('every dependency exists, and has the scopes of the dependent permission', () => {
  for (const { name, scopes, dependencies = [] } of permissions) {
    for (const dependency of dependencies) {
      const needed = byName.get(dependency)
      assert.ok(needed, `${name} depends on ${dependency}`)
      assert.ok(needed.public || scopes.every((scope) => needed.scopes.includes(scope)), `${dependency} where ${name} is held`)
    }
  }
})

test('public permissions are those of all roles', () => {
  assert.deepEqual(
    permissions
      .filter((p) => p.public)
      .map((p) => p.name)
      .sort(),
    ['search_project', 'view_messages', 'view_news', 'view_project', 'view_project_activity'],
  )
})

test('administrators get all permissions but that of being assignable', () => {
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

test('every action of a permission is derived, with the permission, its scopes and its module', () => {
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

test('an action of several permissions is one action', () => {
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
