import fields from "./fields-zh.json";
import { translatorOf } from "./translator.ts";
import messages from "./zh.json";

/** The server's messages in Chinese. Loaded when the first is shown. */
export const translate = translatorOf({ ...fields, ...messages });
