import { expect, test } from "vitest";
import { csvLine } from "./csv.ts";

test.each([
  [["a", 1, ""], "a,1,\r\n"],
  [['say "hi"', "a,b", "two\nlines"], '"say ""hi""","a,b","two\nlines"\r\n'],
  [["=HYPERLINK(1)", "+1", "-1", "@a", "\tb"], "'=HYPERLINK(1),'+1,'-1,'@a,'\tb\r\n"],
  [["  =1+1", "\r=1"], "'  =1+1,\"'\r=1\"\r\n"],
  [[-5, "中文"], "-5,中文\r\n"],
])("%j", (cells, line) => {
  expect(csvLine(cells)).toBe(line);
});
