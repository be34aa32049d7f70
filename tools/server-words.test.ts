import { expect, test } from "vitest";
import { z } from "zod";
import { validationHook } from "../packages/api/validation.ts";
import { translatorOf } from "../apps/portal/server-words/translator.ts";
import { serverMessages } from "./server-messages.ts";
import { textOf } from "./sources.ts";

/*
 * Whatever the server can tell somebody at the portal is told in Chinese, too: every message of the
 * source has its translation, and every translation its message.
 */

const TABLE: Readonly<Record<string, string>> = JSON.parse(
  textOf("apps/portal/server-words/zh.json"),
);
const FIELDS: Readonly<Record<string, string>> = JSON.parse(
  textOf("apps/portal/server-words/fields-zh.json"),
);
const translate = translatorOf({ ...FIELDS, ...TABLE });

/** Rooms whose messages no page shows, and why. */
const UNSEEN: readonly RegExp[] = [
  // Whoever starts the server, or restores and moves it by command, reads these in a terminal.
  /^packages\/catalog\/(?:embedded\/|migrate|journal-reader)/,
  /^packages\/service\/access\/master-key/,
  /^packages\/service\/recovery\/(?:archive\/|backup\/load-names)/,
  /^packages\/service\/events\/audit\//,
  /^packages\/storage\/(?!disk)/,
  /^apps\/server\/(?:config|drill-key|go-back|main|offline|rebuild|restore|serve|storage-move)\.ts/,
  // Answers to docker and its like: of the distribution API and its token service.
  /^packages\/distribution\/(?:server|wire)\//,
  /^packages\/service\/access\/(?:credentials|robot-logins|passwords|scope|token-|tokens)/,
  /^packages\/service\/(?:proxy\/|content\/push-)/,
  /^packages\/oci\/(?:json|manifest|parse-descriptor)/,
  /^apps\/server\/(?:as-of|request-actor)\.ts/,
  // A folder as a registry, whose failures name files; the twin of tests.
  /^packages\/layout\//,
  /^packages\/registry\/memory-/,
];

/** What an address or a request is called, and what stops the server at its start. */
const NAMES: ReadonlySet<string> = new Set([
  "GET /v2/ at {}",
  "GET a token at {}{}",
  "addresses or networks",
  "any, public or networks",
  "{} is no network; give {} as 10.0.0.0/8",
  "{} {} at https://registry-1.docker.io",
]);

const messages = serverMessages(
  (path) => /^(?:packages|apps\/server)\//.test(path) && !UNSEEN.some((room) => room.test(path)),
).filter(({ text }) => !NAMES.has(text));

test("every message that a page can show is there in Chinese", () => {
  const untold = messages.filter(({ text }) => TABLE[text] === undefined);
  expect(untold.map(({ text, place }) => `${place}: ${text}`)).toEqual([]);
});

test("every translation is of a message that there is", () => {
  const texts = new Set(messages.map(({ text }) => text));
  expect(Object.keys(TABLE).filter((text) => !texts.has(text))).toEqual([]);
});

test("a translation has every value of its message, and is Chinese", () => {
  const bad = Object.entries({ ...FIELDS, ...TABLE }).filter(([text, translated]) => {
    const values = text.split("{}").length - 1;
    const named = new Set([...translated.matchAll(/\{(\d)\}/g)].map(([, n]) => Number(n)));
    const isWhole = text.includes("received undefined") || named.size === values;
    return !isWhole || Math.max(0, ...named) > values || !/[\u4e00-\u9fff]/.test(translated);
  });
  expect(bad).toEqual([]);
});

test.each([
  ["project 'docks' exists already", "项目“docks”已存在"],
  [
    "http://a.example:81 does not answer as a registry: GET /v2/ at http://a.example:81: nothing " +
      "listens there; is the registry running, and is the port right?",
    "http://a.example:81 没有像镜像仓库那样应答：GET /v2/ at http://a.example:81：" +
      "该处无人监听；对方是否在运行，端口是否正确？",
  ],
  ["this needs a system administrator; ask an administrator", "这需要系统管理员；请联系管理员"],
  ["something that nobody has said before", "something that nobody has said before"],
  ["a: b; c: d", "a: b; c: d"],
  ["", ""],
])("%j is told as it should be", (message, told) => {
  expect(translate(message)).toBe(told);
});

test("a hostile message takes no time", () => {
  const began = process.cpuUsage();
  for (const part of ["a: b; ", "project '", " at : ", "{}: ", "; check "]) {
    translate(part.repeat(4_000 / part.length));
  }
  expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
});

const LIST = z.array(z.string().min(2)).min(1).max(2);
const BODY = z.strictObject({
  name: z.string().min(1).max(4).optional(),
  count: z.int().min(1).max(9).optional(),
  kind: z.enum(["a", "b"]).optional(),
  color: z.string().regex(/^#/).optional(),
  on: z.boolean().optional(),
  list: LIST.optional(),
  nested: z.object({ id: z.number() }).optional(),
});

test.each([
  [{ name: "" }, "name：至少 1 个字符"],
  [{ name: "abcde" }, "name：最多 4 个字符"],
  [{ name: 1 }, "name：须为文本，而不是 number"],
  [{ count: 0 }, "count：不得小于 1"],
  [{ count: 10 }, "count：不得大于 9"],
  [{ count: 1.5 }, "count：须为整数，而不是 number"],
  [{ kind: "c" }, 'kind：须为以下之一："a"|"b"'],
  [{ color: "red" }, "color：不符合格式 /^#/"],
  [{ on: 1 }, "on：须为 true 或 false，而不是 number"],
  [{ list: [] }, "list：至少 1 项"],
  [{ list: ["ab", "ab", "ab"] }, "list：最多 2 项"],
  [{ list: ["a"] }, "list.0：至少 2 个字符"],
  [{ nested: {} }, "nested.id：必须填写"],
  [{ more: 1 }, '未知的字段 "more"'],
  [{ name: "", count: 0 }, "name：至少 1 个字符；count：不得小于 1"],
])("a body %j is refused in Chinese", (body, told) => {
  const found = BODY.safeParse(body);
  expect(() => validationHook({ target: "json", ...found } as never)).toThrow();
  try {
    validationHook({ target: "json", ...found } as never);
  } catch (error) {
    expect(translate((error as Error).message)).toBe(`请求正文不符合要求：${told}`);
  }
});
