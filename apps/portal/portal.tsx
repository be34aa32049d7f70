import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { App, ConfigProvider, type ConfigProviderProps } from "antd";
import { useEffect, useState } from "react";
import { whenSignedOut } from "./api.ts";
import { openRouter } from "./router.tsx";
import { session } from "./session.ts";
import { themeOf, useDark } from "./theme.ts";
import { type Language, useLanguage } from "./texts.ts";

const queries = new QueryClient({
  defaultOptions: {
    // What was refused will be refused again; only silence is worth another try.
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && (error as { code?: string }).code === "UNREACHABLE",
    },
  },
});
const router = openRouter(queries);

whenSignedOut(() => {
  if (queries.getQueryData(session.queryKey)) queries.setQueryData(session.queryKey, null);
});

/** The whole portal: theme, language, data and pages. */
export function Portal() {
  const dark = useDark();
  const language = useLanguage();
  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  return (
    <ConfigProvider theme={themeOf(dark)} locale={useWords(language)}>
      <App style={{ minHeight: "100%" }}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}

type Words = ConfigProviderProps["locale"];

/** What antd itself says in `language`: English is built in, Chinese is loaded when needed. */
function useWords(language: Language): Words {
  const [chinese, setChinese] = useState<Words>();
  useEffect(() => {
    if (language !== "zh") return;
    void import("antd/es/locale/zh_CN").then((file) => setChinese(file.default));
  }, [language]);
  return language === "zh" ? chinese : undefined;
}
