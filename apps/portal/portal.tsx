import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { App, ConfigProvider } from "antd";
import { useEffect } from "react";
import { whenSignedOut } from "./api.ts";
import { openRouter } from "./router.tsx";
import { session } from "./session.ts";
import { themeOf, useDark } from "./theme.ts";
import { useAntdTexts } from "./texts.ts";

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
  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  return (
    <ConfigProvider
      theme={themeOf(dark)}
      locale={useAntdTexts()}
      button={{ autoInsertSpace: false }}
      form={{ requiredMark: false }}
    >
      <QueryClientProvider client={queries}>
        <App style={{ minHeight: "100%" }}>
          <RouterProvider router={router} />
        </App>
      </QueryClientProvider>
    </ConfigProvider>
  );
}
