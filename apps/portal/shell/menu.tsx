import {
  AuditOutlined,
  ClockCircleOutlined,
  HomeOutlined,
  ProjectOutlined,
  SafetyOutlined,
  SettingOutlined,
  SwapOutlined,
  TeamOutlined,
  ThunderboltOutlined,
} from "@ant-design/icons";
import { Link, useLocation } from "@tanstack/react-router";
import { Menu, type MenuProps } from "antd";
import type { ReactNode } from "react";
import { type Person } from "../session.ts";
import { type Text, useTexts } from "../texts.ts";
import { useSystemRights } from "../use-may.ts";

const ADMIN = "system administrator";

interface Entry {
  readonly to: string;
  readonly text: string;
  readonly icon?: ReactNode;
  /** Shown only to those with this right in the whole registry; ADMIN: system administrators. */
  readonly right?: string;
  readonly below?: readonly Entry[];
}

/** What the menu offers, in texts of "shell"; a group is open while one of its pages is shown. */
function entries(t: Text): readonly Entry[] {
  return [
    { to: "/", text: t("menu.home"), icon: <HomeOutlined /> },
    { to: "/projects", text: t("menu.projects"), icon: <ProjectOutlined /> },
    {
      to: "/replication",
      text: t("menu.replication"),
      icon: <SwapOutlined />,
      below: [
        { to: "/replication/policies", text: t("menu.policies"), right: "replication-policy:list" },
        { to: "/replication/endpoints", text: t("menu.endpoints"), right: "registry:list" },
        { to: "/replication/executions", text: t("menu.executions"), right: "replication:list" },
        { to: "/replication/topology", text: t("menu.topology"), right: ADMIN },
        { to: "/replication/conflicts", text: t("menu.conflicts"), right: ADMIN },
      ],
    },
    { to: "/timeline", text: t("menu.timeline"), icon: <ClockCircleOutlined /> },
    {
      to: "/recovery",
      text: t("menu.recovery"),
      icon: <SafetyOutlined />,
      below: [
        { to: "/recovery/bin", text: t("menu.bin"), right: ADMIN },
        { to: "/recovery/backups", text: t("menu.backups"), right: "backup:read" },
        { to: "/recovery/drills", text: t("menu.drills"), right: "backup:read" },
        { to: "/recovery/checks", text: t("menu.checks"), right: "check:read" },
        { to: "/recovery/storage", text: t("menu.storage"), right: "system-volumes:read" },
        { to: "/recovery/garbage", text: t("menu.garbage"), right: "garbage-collection:list" },
      ],
    },
    {
      to: "/jobs",
      text: t("menu.jobs"),
      icon: <ThunderboltOutlined />,
      right: "jobservice-monitor:list",
    },
    {
      to: "/people",
      text: t("menu.people"),
      icon: <TeamOutlined />,
      below: [
        { to: "/people/users", text: t("menu.users"), right: "user:list" },
        { to: "/people/groups", text: t("menu.groups"), right: ADMIN },
        { to: "/people/robots", text: t("menu.robots"), right: "robot:list" },
      ],
    },
    { to: "/audit", text: t("menu.audit"), icon: <AuditOutlined />, right: "audit-log:list" },
    { to: "/settings", text: t("menu.settings"), icon: <SettingOutlined />, right: ADMIN },
  ];
}

/** The main menu for `person`; `onGo` is called when a page was chosen. */
export function MainMenu({ person, onGo }: { readonly person: Person; readonly onGo: () => void }) {
  const t = useTexts("shell");
  const { pathname } = useLocation();
  const may = useSystemRights();
  const isShown = ({ right }: Entry) =>
    right === undefined || (right === ADMIN ? person.sysadmin : may(right));
  const all = entries(t);
  const shown = all
    .filter(isShown)
    .map((entry) => (entry.below ? { ...entry, below: entry.below.filter(isShown) } : entry))
    .filter(({ below }) => below?.length !== 0);
  const here = shown
    .flatMap((entry) => entry.below ?? [entry])
    .filter(({ to }) => pathname === to || (to !== "/" && pathname.startsWith(`${to}/`)))
    .toSorted((a, b) => b.to.length - a.to.length)[0];
  const itemOf = ({ to, text, icon, below }: Entry): NonNullable<MenuProps["items"]>[number] =>
    below
      ? { key: to, label: text, icon, children: below.map(itemOf) }
      : { key: to, icon, label: <Link to={to}>{text}</Link> };
  return (
    <nav aria-label={t("menu.label")}>
      <Menu
        mode="inline"
        style={{ borderInlineEnd: 0 }}
        selectedKeys={here ? [here.to] : []}
        // Of all, not of those shown: rights may be known only after this is drawn first.
        defaultOpenKeys={all.map(({ to }) => to).filter((to) => pathname.startsWith(to))}
        items={shown.map(itemOf)}
        onClick={onGo}
      />
    </nav>
  );
}
