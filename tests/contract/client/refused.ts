// tests/contract/client/refused.ts - calls that must not compile: each @ts-expect-error is an error of its own when the
// line below it is accepted. Nothing here is run.
import type { Registry } from "./session.js";

export async function refused(registry: Registry): Promise<void> {
  const id = "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70";
  const header = { "If-Match": '"1"' };

  // @ts-expect-error a list needs its year
  await registry.POST("/duty_lists", { body: { owner_division: "431302000000", title: "清单" } });

  // @ts-expect-error a year is a number
  await registry.POST("/duty_lists", { body: { owner_division: "431302000000", year: "2026", title: "清单" } });

  // @ts-expect-error a title is corrected, not taken away
  await registry.PATCH("/duty_lists/{id}", { params: { path: { id }, header }, body: { title: null } });

  // @ts-expect-error a step names the version it is made to
  await registry.POST("/duty_lists/{id}:approve", { params: { path: { id } } });

  // @ts-expect-error progress is measured by value or by milestone
  await registry.POST("/items", { body: { task_id: id, title: "t", lead_organisation_id: id, starts_on: "2026-01-05", due_on: "2026-06-18", measure: "mood" } });

  // @ts-expect-error there is no such order
  await registry.GET("/items", { params: { query: { sort: "title" } } });

  // @ts-expect-error a report's value is a decimal in text, so that nothing is rounded
  await registry.POST("/items/{item_id}/reports", { params: { path: { item_id: id } }, body: { value: 11 } });
}
