import type { ConfigProviderProps } from "antd";
import english from "antd/es/locale/en_US";
import i18next, { type TFunction } from "i18next";
import { useCallback } from "react";
import { initReactI18next, useTranslation } from "react-i18next";

/** The languages of the portal, each with its own name. */
export const LANGUAGES = { en: "English", zh: "简体中文" } as const;

/** A language of the portal. */
export type Language = keyof typeof LANGUAGES;

const KEPT = "entrepot.language";
const FILES = import.meta.glob<{ default: object }>("./texts/*/*.json");

/** What antd itself says: English is built in, Chinese is loaded when needed. */
const ANTD: Readonly<Record<string, () => Promise<{ default: object }>>> = {
  en: () => Promise.resolve({ default: english }),
  zh: () => import("antd/es/locale/zh_CN"),
};

/** What was chosen before, else what the browser asks for, else English. */
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.some((name) => name.startsWith("zh")) ? "zh" : "en";
}

/** Loads the texts that every page shows. Call it once, before the first page. */
export async function openTexts(): Promise<void> {
  await i18next
    .use({
      type: "backend",
      async read(language: string, area: string, done: (error: unknown, texts: unknown) => void) {
        const load = area === "antd" ? ANTD[language] : FILES[`./texts/${language}/${area}.json`];
        if (!load) return done(new Error(`there are no texts ${language}/${area}`), null);
        await load().then(
          (file) => done(null, file.default),
          (error: unknown) => done(error, null),
        );
      },
    })
    .use(initReactI18next)
    .init({
      lng: firstLanguage(),
      supportedLngs: Object.keys(LANGUAGES),
      fallbackLng: false,
      ns: ["parts", "shell", "antd"],
      defaultNS: "parts",
      keySeparator: false,
      interpolation: { escapeValue: false },
    });
  markLanguage();
}

const languageNow = (): Language => (i18next.language === "zh" ? "zh" : "en");

/** Changes the language, and remembers that in this browser. */
export async function setLanguage(name: Language): Promise<void> {
  localStorage.setItem(KEPT, name);
  await i18next.changeLanguage(name);
  markLanguage();
}

function markLanguage(): void {
  document.documentElement.lang = languageNow() === "zh" ? "zh-CN" : "en";
}

/** A text by its key. Numbers named `count` choose the plural. */
export type Text = (key: string, values?: Readonly<Record<string, unknown>>) => string;

/**
 * The texts of `area` (texts/<language>/<area>.json), loaded when first asked for: until then the
 * page waits in its `Suspense`. A file uses one area, and writes keys out, so that the test can
 * find those that are missing or unused; a key that ends in `${…}` stands for all that begin so.
 */
export function useTexts(area: string): Text {
  const { t } = useTranslation(area);
  return useCallback<Text>((key, values = {}) => (t as TFunction)(key, { ...values }), [t]);
}

/** The language in use, and again when it changes. */
export function useLanguage(): Language {
  const { i18n } = useTranslation();
  return i18n.language === "zh" ? "zh" : "en";
}

/**
 * What antd itself says. It is one of the areas, so a language is there as a whole before it is
 * shown, and there is always one: antd draws everything anew, and forgets what was typed and which
 * menu was open, when its locale comes or goes.
 */
export function useAntdTexts(): NonNullable<ConfigProviderProps["locale"]> {
  const { i18n } = useTranslation();
  return i18n.getResourceBundle(i18n.language, "antd") ?? english;
}
