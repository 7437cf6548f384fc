// tests/support/kept_settings.mjs - rows of settings for villages and years that nothing else is counted by.
import { assertDone } from './assert.mjs';
import { as } from './client.mjs';
import { range, take } from './taken.mjs';
import { village } from './world.mjs';

// Of a year that no other test lays anything down for.
export const settingBody = (body = {}) => ({ key: 'registry.list_step_work_days', owner_division: village, year: body.year ?? take('setting_years', range(2101, 2198)), value: '9', source: '通知', ...body });

export const newSetting = async (body, caller = as('system_admin')) => assertDone(await caller.post('/identity/settings', settingBody(body)), 201);
