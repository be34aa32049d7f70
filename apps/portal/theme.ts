import { theme, type ThemeConfig } from "antd";
import { useSyncExternalStore } from "react";

/** Which colours were chosen; `system` follows the operating system. */
export type Shade = "light" | "dark" | "system";

const KEPT = "entrepot.shade";
const changed = new EventTarget();
const system = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
system.addEventListener("change", () => changed.dispatchEvent(new Event("change")));

/** The chosen colours. */
export function shade(): Shade {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Chooses colours, and remembers that in this browser. */
export function setShade(value: Shade): void {
  localStorage.setItem(KEPT, value);
  changed.dispatchEvent(new Event("change"));
}

function subscribe(listener: () => void): () => void {
  changed.addEventListener("change", listener);
  return () => changed.removeEventListener("change", listener);
}

/** Whether it is dark now, and again when that changes. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () =>
    shade() === "system" ? system.matches : shade() === "dark",
  );
}

/*
 * What tells good from bad is read as text, too, where antd's own colours fall below a contrast of
 * 4.5. Of darker ones it makes greys for the grounds, so these are given.
 */
const LIGHT = {
  colorError: "#c4203a",
  colorErrorBg: "#fdeef0",
  colorErrorBorder: "#efb3bc",
  colorSuccess: "#1c7a3a",
  colorSuccessBg: "#eaf6ed",
  colorSuccessBorder: "#a6d6b3",
  colorWarning: "#8f5a00",
  colorWarningBg: "#fdf4e3",
  colorWarningBorder: "#ecd09a",
  colorPrimaryBg: "#e2f0f2",
  colorInfoBg: "#e8f3f5",
  colorInfoBorder: "#a8d0d7",
};
const DARK = {
  // antd's own grounds are grey, and look brown on our blue-black.
  colorBgContainer: "#121a1f",
  colorBgElevated: "#1a242a",
  colorInfo: "#3cbdd1",
  colorError: "#ff7078",
  colorSuccess: "#63c77d",
  colorWarning: "#e3a540",
};

/** Our look: harbour blue-green on quiet greys, readable contrast in both shades. */
export function themeOf(dark: boolean): ThemeConfig {
  return {
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: dark ? "#2aa5b8" : "#0b6e7f",
      colorInfo: dark ? "#2aa5b8" : "#0b6e7f",
      colorLink: dark ? "#4fc0d1" : "#0b6e7f",
      // antd's own secondary text falls below a contrast of 4.5 on grey.
      colorTextSecondary: dark ? "#b3bcc2" : "#55616a",
      colorTextTertiary: dark ? "#a3adb4" : "#5f6b74",
      colorTextDescription: dark ? "#a3adb4" : "#5f6b74",
      colorTextPlaceholder: dark ? "#8d979e" : "#6b7780",
      ...(dark ? DARK : LIGHT),
      borderRadius: 8,
      fontSize: 14,
      motion: !still.matches,
    },
    components: {
      Layout: {
        headerBg: dark ? "#141a1e" : "#ffffff",
        siderBg: dark ? "#10161a" : "#f4f7f8",
        bodyBg: dark ? "#0c1114" : "#fbfcfc",
        headerHeight: 56,
        headerPadding: "0 16px",
      },
      Menu: { itemBg: "transparent", subMenuItemBg: "transparent" },
      Table: { cellPaddingBlock: 10 },
      Button: dark ? { primaryColor: "#00141a" } : {},
    },
  };
}
