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

interface Entry {
  readonly to: string;
  readonly text: string;
  readonly icon?: ReactNode;
  readonly sysadmin?: boolean;
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
      sysadmin: true,
      below: [
        { to: "/replication/policies", text: t("menu.policies") },
        { to: "/replication/endpoints", text: t("menu.endpoints") },
        { to: "/replication/executions", text: t("menu.executions") },
        { to: "/replication/topology", text: t("menu.topology") },
        { to: "/replication/conflicts", text: t("menu.conflicts") },
      ],
    },
    { to: "/timeline", text: t("menu.timeline"), icon: <ClockCircleOutlined /> },
    {
      to: "/recovery",
      text: t("menu.recovery"),
      icon: <SafetyOutlined />,
      sysadmin: true,
      below: [
        { to: "/recovery/bin", text: t("menu.bin") },
        { to: "/recovery/backups", text: t("menu.backups") },
        { to: "/recovery/drills", text: t("menu.drills") },
        { to: "/recovery/checks", text: t("menu.checks") },
        { to: "/recovery/storage", text: t("menu.storage") },
        { to: "/recovery/garbage", text: t("menu.garbage") },
      ],
    },
    { to: "/jobs", text: t("menu.jobs"), icon: <ThunderboltOutlined />, sysadmin: true },
    {
      to: "/people",
      text: t("menu.people"),
      icon: <TeamOutlined />,
      sysadmin: true,
      below: [
        { to: "/people/users", text: t("menu.users") },
        { to: "/people/groups", text: t("menu.groups") },
        { to: "/people/robots", text: t("menu.robots") },
      ],
    },
    { to: "/audit", text: t("menu.audit"), icon: <AuditOutlined />, sysadmin: true },
    { to: "/settings", text: t("menu.settings"), icon: <SettingOutlined />, sysadmin: true },
  ];
}

/** The main menu for `person`; `onGo` is called when a page was chosen. */
export function MainMenu({ person, onGo }: { readonly person: Person; readonly onGo: () => void }) {
  const t = useTexts("shell");
  const { pathname } = useLocation();
  const shown = entries(t).filter((entry) => person.sysadmin || entry.sysadmin !== true);
  const all = shown.flatMap((entry) => entry.below ?? [entry]);
  const here = all
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
        defaultOpenKeys={shown.filter(({ to }) => pathname.startsWith(to)).map(({ to }) => to)}
        items={shown.map(itemOf)}
        onClick={onGo}
      />
    </nav>
  );
}
