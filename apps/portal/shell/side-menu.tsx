import { Drawer } from "antd";
import { useEffect, useState } from "react";
import type { Person } from "../session.ts";
import { Logo } from "./logo.tsx";
import { MainMenu } from "./menu.tsx";

/** The main menu where there is no room for it: from the side. Loaded when asked for. */
export default function SideMenu({
  person,
  open,
  onClose,
}: {
  readonly person: Person;
  readonly open: boolean;
  readonly onClose: () => void;
}) {
  // It comes in the first time too, which is when its code has arrived.
  const [shown, show] = useState(false);
  useEffect(() => show(open), [open]);
  return (
    <Drawer
      open={shown}
      onClose={onClose}
      placement="left"
      size={260}
      title={<Logo />}
      styles={{ body: { padding: 0 } }}
    >
      <MainMenu person={person} onGo={onClose} />
    </Drawer>
  );
}
