import type { PolicyLag } from "@entrepot/api";
import { Link } from "@tanstack/react-router";
import { theme } from "antd";
import { useLanguage, useTexts } from "../../texts.ts";
import { lagText } from "./lag-view.tsx";
import type { Standing } from "./standing.ts";
import { type Arrow, BOX, type Picture, type Place } from "./topology-layout.ts";

/** The registries as boxes and the policies as arrows between them, each a link. */
export function TopologyPicture({
  picture,
  lag,
}: {
  readonly picture: Picture;
  readonly lag: readonly PolicyLag[];
}) {
  const t = useTexts("replication");
  const { token } = theme.useToken();
  const { width, height, places, arrows } = picture;
  return (
    <div
      style={{
        overflowX: "auto",
        border: `1px solid ${token.colorBorderSecondary}`,
        borderRadius: token.borderRadiusLG,
        background: token.colorBgContainer,
      }}
    >
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="group"
        aria-label={t("topology.title")}
        style={{ display: "block", width: "100%", minWidth: width * 0.7, maxHeight: height * 1.3 }}
      >
        <Heads />
        {arrows.map((arrow) => (
          <ArrowLink
            key={arrow.id}
            arrow={arrow}
            lag={lag.find(({ policy_id: id }) => id === arrow.id)}
          />
        ))}
        {places.map((place) => (
          <PlaceLink key={place.id} place={place} />
        ))}
      </svg>
    </div>
  );
}

/** The colour of an arrow. */
function useColours(): Readonly<Record<Standing, string>> {
  const { token } = theme.useToken();
  return {
    level: token.colorSuccess,
    behind: token.colorPrimary,
    failing: token.colorError,
    paused: token.colorTextTertiary,
  };
}

/** The heads of arrows, one for each colour. */
function Heads() {
  const colours = useColours();
  return (
    <defs>
      {Object.entries(colours).map(([standing, colour]) => (
        <marker
          key={standing}
          id={`head-${standing}`}
          viewBox="0 0 10 10"
          refX="9"
          refY="5"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M 0 0 L 10 5 L 0 10 z" fill={colour} />
        </marker>
      ))}
    </defs>
  );
}

function ArrowLink({ arrow, lag }: { readonly arrow: Arrow; readonly lag: PolicyLag | undefined }) {
  const t = useTexts("replication");
  const language = useLanguage();
  const { token } = theme.useToken();
  const colour = useColours()[arrow.standing];
  const standing = t(`standing.${arrow.standing}`);
  const behind = lag && lag.lag_items > 0 ? lagText(lag, t, language) : standing;
  return (
    <Link to={`/replication/policies/${arrow.id}`}>
      <path
        d={arrow.path}
        fill="none"
        stroke={colour}
        strokeWidth={2}
        strokeDasharray={arrow.standing === "paused" ? "6 5" : undefined}
        markerEnd={`url(#head-${arrow.standing})`}
      />
      <text
        x={arrow.x}
        y={arrow.y - 7}
        textAnchor="middle"
        fontSize={13}
        fontWeight={600}
        fill={token.colorText}
        stroke={token.colorBgContainer}
        strokeWidth={4}
        paintOrder="stroke"
      >
        {short(arrow.name, 24)}
      </text>
      <text
        x={arrow.x}
        y={arrow.y + 16}
        textAnchor="middle"
        fontSize={12}
        fill={token.colorTextSecondary}
      >
        {short(behind, 34)}
      </text>
    </Link>
  );
}

function PlaceLink({ place }: { readonly place: Place }) {
  const t = useTexts("replication");
  const { token } = theme.useToken();
  const { id, x, y, healthy } = place;
  const isHere = id === 0;
  const name = isHere ? t("here") : place.name;
  const health = healthy ? t("topology.healthy") : t("topology.unhealthy");
  const box = (
    <>
      <rect
        x={x}
        y={y}
        width={BOX.width}
        height={BOX.height}
        rx={10}
        fill={isHere ? token.colorPrimaryBg : token.colorBgElevated}
        stroke={isHere ? token.colorPrimary : healthy ? token.colorBorder : token.colorError}
        strokeWidth={isHere || !healthy ? 2 : 1}
      />
      {!isHere && (
        <circle
          cx={x + 16}
          cy={y + BOX.height / 2}
          r={5}
          fill={healthy ? token.colorSuccess : token.colorError}
        />
      )}
      <text
        x={isHere ? x + BOX.width / 2 : x + 30}
        y={y + BOX.height / 2 + 5}
        textAnchor={isHere ? "middle" : "start"}
        fontSize={14}
        fontWeight={600}
        fill={token.colorText}
      >
        {short(name, 18)}
      </text>
    </>
  );
  if (isHere) return <g>{box}</g>;
  return (
    <Link
      to="/replication/endpoints"
      search={{ edit: String(id) } as never}
      aria-label={`${name}: ${health}`}
    >
      {box}
    </Link>
  );
}

/** `text` with its end left out where it is too long for the picture. */
function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
