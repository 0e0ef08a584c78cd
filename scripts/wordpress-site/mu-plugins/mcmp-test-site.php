<?php
/**
 * What makes this site fit for tests: no mail, a site without pretty permalinks beside the one with
 * them, and custom post types.
 */

add_filter( 'pre_wp_mail', '__return_true' );

if ( getenv( 'MCMP_PERMALINKS' ) === 'plain' ) {
	add_filter( 'pre_option_permalink_structure', '__return_empty_string' );
}

add_action(
	'init',
	function () {
		// With everything that posts have.
		register_post_type(
			'mcmp_story',
			array(
				'label'        => 'Stories',
				'public'       => true,
				'show_in_rest' => true,
				'rest_base'    => 'stories',
				'taxonomies'   => array( 'category', 'post_tag' ),
				'supports'     => array( 'title', 'editor', 'excerpt', 'thumbnail', 'comments', 'author' ),
			)
		);
		// With a title and a text only.
		register_post_type(
			'mcmp_notice',
			array(
				'label'        => 'Notices',
				'public'       => true,
				'show_in_rest' => true,
				'supports'     => array( 'title', 'editor' ),
			)
		);
	}
);
