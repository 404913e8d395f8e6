//! The page as a reader of its bytes sees it: what is shown, what is escaped, and what odd numbers do to it.

use fusebind_report::{Axis, Block, Curves, ErrorKind, Forest, Heat, Interval, Page, Point, Section, Series, Table};

const XMLNS: &str = "xmlns=\"http://www.w3.org/2000/svg\"";
const EMPTY: &str = "Nothing to draw";
const ODD: [f64; 10] = [
    0.0,
    -0.0,
    1e-310,
    1.0,
    1.0 + f64::EPSILON,
    -1e12,
    1e300,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
];

fn page(name: &str, blocks: Vec<Block>) -> Page {
    let section = Section {
        title: name.into(),
        blocks,
    };
    Page {
        title: name.into(),
        summary: vec![name.into()],
        sections: vec![section.clone(), section.clone(), section],
    }
}

/// The page of one block, once.
fn shown(block: Block) -> String {
    let sections = vec![Section {
        title: "s".into(),
        blocks: vec![block],
    }];
    Page {
        title: "t".into(),
        summary: vec![],
        sections,
    }
    .render()
    .expect("a page")
}

fn curves(name: &str, band: Option<(f64, f64)>) -> Curves {
    let points = |shift: f64| {
        (0..4)
            .map(move |i| Point {
                x: f64::from(i),
                y: shift + f64::from(i),
                band,
            })
            .collect()
    };
    let axis = || Axis {
        label: name.into(),
        range: None,
    };
    Curves {
        title: name.into(),
        x: axis(),
        y: axis(),
        series: vec![
            Series {
                name: name.into(),
                points: points(0.0),
            },
            Series {
                name: "two".into(),
                points: points(1.0),
            },
        ],
        levels: vec![(name.into(), 0.25)],
    }
}

fn heat(name: &str, values: Vec<Vec<Option<f64>>>) -> Heat {
    let columns = values.first().map_or(0, Vec::len);
    Heat {
        title: name.into(),
        rows: values.iter().map(|_| name.to_string()).collect(),
        columns: (0..columns).map(|at| format!("{name}{at}")).collect(),
        values,
        decimals: 2,
    }
}

fn forest(name: &str, rows: &[(f64, f64, f64)], zero: f64) -> Forest {
    let rows = rows.iter().map(|&(value, low, high)| Interval {
        name: name.into(),
        value,
        low,
        high,
    });
    Forest {
        title: name.into(),
        x: name.into(),
        rows: rows.collect(),
        zero,
    }
}

/// One of each block, with `name` in every text.
fn all(name: &str) -> Page {
    let table = Table {
        caption: name.into(),
        header: vec![name.into()],
        rows: vec![vec![name.into()]],
    };
    let blocks = vec![
        Block::Text(name.into()),
        Block::Facts(vec![(name.into(), name.into())]),
        Block::Table(table),
        Block::Curves(curves(name, Some((0.0, 1.0)))),
        Block::Heat(heat(name, vec![vec![Some(0.5), None], vec![Some(0.75), Some(1.0)]])),
        Block::Forest(forest(name, &[(0.1, -0.1, 0.2)], 0.0)),
    ];
    page(name, blocks)
}

/// Every drawing of a page, parsed as XML: with a title, and with finite coordinates only.
fn check_drawings(html: &str) -> Vec<String> {
    let drawings: Vec<String> = html
        .split("<svg")
        .skip(1)
        .map(|rest| format!("<svg{}</svg>", rest.split("</svg>").next().expect("an end")))
        .collect();
    for svg in &drawings {
        let tree = roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
        assert_eq!(tree.root_element().attribute("role"), Some("img"));
        assert!(
            tree.root_element()
                .first_element_child()
                .is_some_and(|child| child.has_tag_name("title"))
        );
        for node in tree.descendants().filter(|node| node.is_element()) {
            let odd = |text: &str| text.contains("NaN") || text.contains("inf") || text.contains("null");
            assert!(node.attributes().all(|a| !odd(a.value())), "{node:?}");
        }
    }
    drawings
}

#[test]
fn markup_in_texts_is_shown_as_text() {
    let hostile = "\"'><script>alert(1)</script><svg onload='x'>&amp;{{ title }}\u{0}";
    let html = all(hostile).render().unwrap();
    assert!(!html.contains("<script") && !html.contains("onload='") && !html.contains('\u{0}'));
    let drawings = check_drawings(&html);
    assert_eq!(drawings.len(), 9);
    for svg in drawings {
        let tree = roxmltree::Document::parse(&svg).unwrap();
        let title = tree
            .root_element()
            .first_element_child()
            .and_then(|t| t.text())
            .unwrap();
        assert_eq!(title, hostile.replace('\u{0}', "\u{FFFD}"));
    }
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    let html = all("plain").render().unwrap().replace(XMLNS, "");
    for reference in [
        "http", "//", "url(", "@import", "<script", "<link", "<img", "src=", "xlink",
    ] {
        assert!(!html.contains(reference), "{reference}");
    }
}

#[test]
fn the_same_page_has_the_same_bytes() {
    assert_eq!(all("name").render().unwrap(), all("name").render().unwrap());
    assert_ne!(all("name").render().unwrap(), all("other").render().unwrap());
}

#[test]
fn curves_show_bands_levels_and_a_legend() {
    let html = shown(Block::Curves(curves("quantity", Some((0.5, 2.5)))));
    let bands = |html: &str| html.matches("<polygon opacity=\"0.16\"").count();
    assert_eq!(bands(&html), 2);
    assert_eq!(bands(&shown(Block::Curves(curves("quantity", None)))), 0);
    // Heading, drawing's title, both axes, legend, level.
    assert_eq!(html.matches("quantity").count(), 6);
    let dashed =
        |colour: &str, dash: &str| format!("stroke=\"{colour}\" stroke-width=\"5\" stroke-dasharray=\"{dash}\"");
    assert!(html.contains(&dashed("#0072B2", "none")) && html.contains(&dashed("#D55E00", "20 9")));
    assert_eq!(
        html.matches("stroke-dasharray=\"10 7\"").count(),
        1,
        "the reference line"
    );
}

#[test]
fn a_missing_point_breaks_the_line_and_is_counted() {
    let lines = |html: &str| html.matches("stroke=\"#0072B2\" stroke-width=\"5\"").count();
    let whole = curves("c", None);
    let mut broken = whole.clone();
    broken.series[0]
        .points
        .extend([f64::NAN, 5.0, 6.0].map(|x| Point { x, y: 1.0, band: None }));
    let html = shown(Block::Curves(broken));
    assert_eq!(lines(&html), lines(&shown(Block::Curves(whole))) + 1);
    assert!(html.contains("1 point is left out: not a finite number"));
}

#[test]
fn a_fixed_axis_leaves_out_what_it_cannot_show() {
    let mut chart = curves("c", Some((-9.0, 9.0)));
    chart.y.range = Some((0.5, 3.5));
    chart.levels.push(("high".into(), 7.0));
    let html = shown(Block::Curves(chart.clone()));
    assert!(
        html.contains("2 points are left out: outside") && html.contains("2 reference lines are left out: outside")
    );
    // Six markers of the eight points, and two in the legend.
    assert_eq!(html.matches("<polygon opacity=\"1\"").count(), 8);
    chart.y.range = Some((3.0, 3.0));
    assert!(shown(Block::Curves(chart)).contains("the axis follows the data"));
}

#[test]
fn a_heat_map_prints_every_value() {
    let values: Vec<Vec<Option<f64>>> = (0..6)
        .map(|r| {
            (0..7)
                .map(|c| (r != c).then_some(f64::from(r * 7 + c) / 10.0))
                .collect()
        })
        .collect();
    let html = shown(Block::Heat(heat("h", values.clone())));
    for value in values.iter().flatten().flatten() {
        assert!(html.contains(&format!(">{value:.2}</text>")), "{value}");
    }
    assert_eq!(html.matches("class=\"missing\"").count(), 6);
    // The ends of the ramp, each with the ink that can be read on it.
    assert!(html.contains("fill=\"#FFF\">0.10<") && html.contains("fill=\"#000\">4.10<"));
    assert!(html.contains("fill=\"#440154\"") && html.contains("fill=\"#FDE725\""));
}

#[test]
fn a_forest_tells_a_difference_from_none() {
    let rows = [(-0.06, -0.08, -0.04), (0.01, -0.01, 0.03), (f64::NAN, 0.0, 1.0)];
    let html = shown(Block::Forest(forest("f", &rows, 0.0)));
    assert!(html.contains("-0.060 [-0.080, -0.040]") && html.contains("0.010 [-0.010, 0.030]"));
    assert_eq!(
        (
            html.matches("class=\"clear\"").count(),
            html.matches("class=\"open\"").count()
        ),
        (1, 1)
    );
    assert_eq!(html.matches("class=\"zero\"").count(), 1);
    assert!(html.contains("1 row is left out"));
}

#[test]
fn numbers_of_a_table_stand_on_the_right() {
    let rows = [["a", "0.5", "7"], ["b", "–", "failed"], ["c", "12", ""]]
        .map(|row| row.map(String::from).to_vec())
        .to_vec();
    let html = shown(Block::Table(Table {
        caption: "c".into(),
        header: vec!["name".into(), "score".into(), "state".into()],
        rows,
    }));
    for cell in [
        "<th scope=\"col\" class=\"number\">score",
        "<td class=\"number\">0.5",
        "<td class=\"number\">–",
        "<td>a",
        "<td class=\"number\">7",
        "<td>failed",
    ] {
        assert!(html.contains(cell), "{cell}");
    }
}

#[test]
fn charts_of_nothing_say_so() {
    let pointless = Curves {
        series: vec![Series::default()],
        levels: vec![("l".into(), 1.0)],
        ..Curves::default()
    };
    for block in [
        Block::Curves(Curves::default()),
        Block::Curves(pointless),
        Block::Heat(Heat::default()),
        Block::Heat(heat("h", vec![vec![None, Some(f64::NAN)]])),
        Block::Forest(Forest::default()),
        Block::Forest(forest("f", &[(f64::NAN, 0.0, 0.0)], 0.0)),
    ] {
        let html = shown(block.clone());
        assert!(html.contains(EMPTY) && !html.contains("<svg"), "{block:?}");
    }
    assert!(shown(Block::Table(Table::default())).contains("no rows"));
    assert!(Page::default().render().is_ok());
}

#[test]
fn odd_numbers_never_break_a_drawing() {
    for a in ODD {
        for b in ODD {
            let point = Point {
                x: a,
                y: b,
                band: Some((b, a)),
            };
            let mut chart = curves("c", None);
            chart.series[0].points = vec![point];
            chart.series[1].points = vec![
                point,
                Point {
                    x: b,
                    y: a,
                    band: Some((a, 1.0)),
                },
            ];
            chart.levels = vec![("l".into(), a), ("m".into(), b)];
            let mut fixed = chart.clone();
            (fixed.x.range, fixed.y.range) = (Some((a, b)), Some((b, a)));
            let mut grid = heat("h", vec![vec![Some(a), Some(b)]]);
            grid.decimals = usize::MAX;
            let forest = forest("f", &[(a, b, a), (b, b, b)], a);
            let blocks = vec![
                Block::Curves(chart),
                Block::Curves(fixed),
                Block::Heat(grid),
                Block::Forest(forest),
            ];
            check_drawings(&page("p", blocks).render().unwrap());
        }
    }
}

#[test]
fn long_names_are_cut_and_given_in_full() {
    let name = "very ".repeat(60) + "long";
    let html = all(&name).render().unwrap();
    check_drawings(&html);
    assert!(html.contains("very…") && html.contains(&format!("In full: {name}")));
}

#[test]
fn a_grid_without_a_shape_is_refused() {
    let mut ragged = heat("perturb", vec![vec![Some(1.0)], vec![Some(2.0)]]);
    ragged.values[1].push(None);
    let mut short = heat("perturb", vec![vec![Some(1.0)]]);
    short.rows.push("no values".into());
    let table = Table {
        caption: "perturb".into(),
        header: vec!["one".into()],
        rows: vec![vec![]],
    };
    for block in [Block::Heat(ragged), Block::Heat(short), Block::Table(table)] {
        let error = page("p", vec![block]).render().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape);
        assert!(error.to_string().contains("perturb"), "{error}");
    }
}
