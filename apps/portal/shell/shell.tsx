import { MenuOutlined, UserOutlined } from "@ant-design/icons";
import { useIsFetching, useQuery, useQueryClient } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate, useRouterState } from "@tanstack/react-router";
import { Button, Dropdown, Flex, Grid, Layout, theme } from "antd";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useLive } from "../live.ts";
import { Waiting } from "../parts/waiting.tsx";
import { hasLeft, type Person, session, useSigning } from "../session.ts";
import { useTexts } from "../texts.ts";
import { Logo } from "./logo.tsx";
import { MainMenu } from "./menu.tsx";
import { Notices } from "./notices.tsx";
import { Preferences } from "./preferences.tsx";
import { Search } from "./search.tsx";

/** By itself, since it brings more of antd than the first page needs. */
const SideMenu = lazy(() => import("./side-menu.tsx"));

/** The frame around every page of somebody who is signed in. */
export function Shell() {
  const { data: person } = useQuery(session);
  if (person === null) return <ToLogin />;
  return person ? <Frame person={person} /> : <Waiting />;
}

/** Leaves for the login, once: while that is fetched, the address is its own already. */
function ToLogin() {
  const { href } = useLocation();
  const [from] = useState(href);
  const navigate = useNavigate();
  const queries = useQueryClient();
  useEffect(() => {
    const search = { to: from, ...(!hasLeft(queries) && { failure: "ended" }) };
    void navigate({ to: "/login", search, replace: true });
  }, [navigate, queries, from]);
  return <Waiting />;
}

function Frame({ person }: { readonly person: Person }) {
  const t = useTexts("shell");
  const { token } = theme.useToken();
  const wide = Grid.useBreakpoint().lg ?? true;
  const [open, setOpen] = useState(false);
  const asked = useAsked(open);
  useLive();
  return (
    <Layout style={{ minHeight: "100vh" }}>
      <a className="skip-link" href="#content">
        {t("skip")}
      </a>
      <Layout.Header
        style={{
          position: "sticky",
          top: 0,
          zIndex: 10,
          display: "flex",
          alignItems: "center",
          justifyContent: "space-between",
          gap: 8,
          borderBottom: `1px solid ${token.colorBorderSecondary}`,
        }}
      >
        <Flex align="center" gap={8}>
          {!wide && (
            <Button
              type="text"
              icon={<MenuOutlined />}
              aria-label={t("menu.label")}
              onClick={() => setOpen(true)}
            />
          )}
          {wide ? <Logo /> : null}
        </Flex>
        <Search />
        <Flex align="center" gap={4}>
          <Preferences />
          <PersonMenu person={person} />
        </Flex>
      </Layout.Header>
      <Layout>
        {wide ? (
          <Layout.Sider
            width={220}
            style={{
              position: "sticky",
              top: 56,
              height: "calc(100vh - 56px)",
              overflow: "auto",
              padding: "8px 0",
            }}
          >
            <MainMenu person={person} onGo={() => undefined} />
          </Layout.Sider>
        ) : (
          <Suspense>
            {asked && <SideMenu person={person} open={open} onClose={() => setOpen(false)} />}
          </Suspense>
        )}
        <Content>
          <Notices />
          <Suspense fallback={<Waiting />}>
            <div className="page">
              <Outlet />
            </div>
          </Suspense>
        </Content>
      </Layout>
    </Layout>
  );
}

/** The page's place; says that it is busy while a page, or what it shows, is fetched. */
function Content({ children }: { readonly children: ReactNode }) {
  const leaving = useRouterState({ select: ({ status }) => status === "pending" });
  const asked = useIsFetching({ predicate: ({ state }) => state.status === "pending" });
  return (
    <Layout.Content
      id="content"
      tabIndex={-1}
      aria-busy={leaving || asked > 0}
      style={{ minWidth: 0, outline: "none" }}
    >
      {children}
    </Layout.Content>
  );
}

/** Whether `value` has been true at any time. */
function useAsked(value: boolean): boolean {
  const [asked, setAsked] = useState(value);
  if (value && !asked) setAsked(true);
  return asked;
}

function PersonMenu({ person }: { readonly person: Person }) {
  const t = useTexts("shell");
  const navigate = useNavigate();
  const { signOut } = useSigning();
  return (
    <Dropdown
      autoFocus
      trigger={["click"]}
      menu={{
        items: [
          { key: "profile", label: t("person.profile") },
          { type: "divider" },
          { key: "out", label: t("person.signOut") },
        ],
        onClick: ({ key }) => void (key === "out" ? signOut() : navigate({ to: "/profile" })),
      }}
    >
      <Button type="text" icon={<UserOutlined />}>
        {person.name}
      </Button>
    </Dropdown>
  );
}
